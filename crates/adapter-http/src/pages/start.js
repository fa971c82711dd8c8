// The start page: what the service is, and the ways into it.

import { h } from './dom.js';
import { texts } from './texts.js';

const root = document.documentElement.dataset.root;

/** Shows the start page. It holds no data and needs no token. */
export function showStart(container) {
  document.title = texts.product;
  const number = h('input', { id: 'number', inputmode: 'numeric', pattern: '[1-9][0-9]{0,18}', required: true, autocomplete: 'off' });
  container.replaceChildren(
    h('h1', {}, texts.startTitle), h('p', {}, texts.startText),
    h('form', { class: 'open-ticket', submit: event => {
      event.preventDefault();
      location.href = `${root}/tickets/${number.value}`;
    } }, h('label', { for: 'number' }, texts.number), number, h('button', { class: 'primary' }, texts.open)),
    h('ul', { class: 'links' },
      h('li', {}, h('a', { href: `${root}/activity` }, texts.activity)),
      h('li', {}, h('a', { href: `${root}/api/v3/docs/` }, texts.docs)),
      h('li', {}, h('a', { href: `${root}/readyz` }, texts.health))));
}
