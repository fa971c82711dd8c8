// The start page: what the service is, and the ways into it.

import { h } from './dom.js';
import { texts } from './texts.js';

const root = document.documentElement.dataset.root;

/** Shows the start page. It holds no data and needs no token. */
export function showStart(container) {
  document.title = texts.product;
  const number = h('input', { id: 'number', inputmode: 'numeric', pattern: '[1-9][0-9]{0,18}', required: true, autocomplete: 'off' });
  const link = (path, name, more) => h('li', {}, h('a', { href: `${root}/${path}` }, name), more && h('span', { class: 'muted' }, ` · ${more}`));
  container.replaceChildren(
    h('h1', {}, texts.startTitle), h('p', { class: 'muted' }, texts.startText),
    h('form', { class: 'card open-ticket', submit: event => {
      event.preventDefault();
      location.href = `${root}/tickets/${number.value}`;
    } }, h('label', { for: 'number' }, texts.number), number, h('button', { class: 'primary' }, texts.open)),
    h('ul', { class: 'card links' },
      link('activity', texts.activity, texts.activityText),
      link('api/v3/docs/', texts.docs),
      link('readyz', texts.health)));
}
