// The board of what happens now: the newest traces of all tickets, for staff.

import { apiUrl, follow, get, parse } from './api.js';
import { announce, h } from './dom.js';
import { byDay, entry, replaceEntries, valueText } from './entry.js';
import { failureLine } from './notice.js';
import { labels, texts } from './texts.js';

const PAGE_SIZE = 50;
/** Older entries leave the board when it holds more. */
const MAX_ENTRIES = 500;
const root = document.documentElement.dataset.root;

/** Creates the board in `container`. The filters are those of the address. */
export function showActivity(container) {
  const filters = Object.fromEntries(['status', 'priority', 'op', 'tid'].map(name => [name, new URLSearchParams(location.search).getAll(name).filter(Boolean).join(',')]));
  const list = h('section', { class: 'card board' });
  const older = h('button', { type: 'button', class: 'fold', click: loadOlder }, texts.older);
  const pause = h('button', { type: 'button', click: () => {
    isPaused = !isPaused;
    draw();
  } });
  const problem = h('p', { class: 'detail', role: 'alert' });
  const denied = h('p', { class: 'detail' });
  const live = h('span', { class: 'live' }, texts.live);
  let items = [];
  let isPaused = false;
  /** The traces that came while the board was paused. */
  let waiting = [];
  let olderCursor = null;
  let token = '';
  let shownSince = null;
  document.title = texts.activity;
  document.head.append(h('link', { rel: 'stylesheet', href: `${root}/assets/activity.css` }));

  const source = {
    /** The first read goes back from the newest trace; from then on the board follows what comes after it. */
    url: () => source.position ? apiUrl('traces', { ...filters, order: 'asc', include: 'changes', limit: '100', cursor: source.position }) : backwards(''),
    position: null,
    hasTag: false,
    async read(response) {
      const page = parse(await response.text());
      if (source.position) receive(page.traces);
      else takeOlder(page);
      const hasMore = source.position !== null && page.has_more;
      source.position = page.live_cursor ?? page.next_cursor;
      return hasMore;
    },
    receive(event) {
      if (event.type === 'trace') receive([event.data]);
    },
  };

  function receive(traces) {
    shownSince = new Date().toISOString();
    const known = new Set([...items.map(({ trace }) => trace.opid), ...waiting.map(({ opid }) => opid)]);
    const added = traces.filter(({ opid }) => !known.has(opid));
    if (!added.length) return;
    waiting.push(...added);
    if (!isPaused) announce(texts.newEntries(added.length));
    draw();
  }

  function draw() {
    if (!isPaused) {
      const added = waiting.map(trace => itemOf(trace, true)).reverse();
      items = [...added, ...items];
      if (items.length > MAX_ENTRIES && added.length) items.length = MAX_ENTRIES;
      waiting = [];
    }
    pause.textContent = isPaused ? [texts.resume, waiting.length && `(${texts.newEntries(waiting.length)})`].filter(Boolean).join(' ') : texts.pause;
    pause.setAttribute('aria-pressed', String(isPaused));
    older.hidden = !olderCursor || items.length >= MAX_ENTRIES;
    replaceEntries(list, () => [h('h2', { class: 'visually-hidden' }, texts.list), ...items.length ? byDay(items) : [h('p', {}, texts.noActivity)]]);
    if (!list.isConnected) container.replaceChildren(h('div', { class: 'title-line' }, h('h1', {}, texts.activity), live, pause), h('p', {}, texts.activityText), filterForm(filters), denied, list, older, problem);
  }

  function itemOf(trace, isNew) {
    const link = h('a', { class: 'ticket-link', href: `${root}/tickets/${trace.tid}#trace-${trace.opid}` }, texts.ticket(trace.tid));
    const element = entry(trace, { ticketLink: link });
    if (isNew) element.classList.add('new');
    return { trace, element };
  }

  function backwards(cursor) {
    return apiUrl('traces', { ...filters, order: 'desc', include: 'changes', limit: String(PAGE_SIZE), cursor });
  }

  /** Adds a page of older traces. */
  function takeOlder(page) {
    shownSince = new Date().toISOString();
    items.push(...page.traces.map(trace => itemOf(trace, false)));
    olderCursor = page.has_more ? page.next_cursor : null;
    denied.textContent = page.denied.length ? texts.denied(page.denied.join(', ')) : '';
    draw();
  }

  async function loadOlder() {
    const requester = token;
    older.disabled = true;
    problem.textContent = '';
    try {
      const text = await (await get(backwards(olderCursor), token)).text();
      // Another visitor can have signed in meanwhile.
      if (token === requester) takeOlder(parse(text));
    } catch (error) {
      problem.textContent = failureLine(error);
    } finally {
      older.disabled = false;
    }
  }

  return {
    follow(nextToken, signal, report) {
      token = nextToken;
      follow(source, { token, signal, report: (failure, delay) => {
        live.hidden = failure !== null;
        report(failure, delay);
      } });
    },
    clear() {
      token = '';
      items = [];
      waiting = [];
      shownSince = null;
      source.position = null;
      container.replaceChildren();
    },
    shownSince: () => shownSince,
  };
}

/** Creates the form of the filters, which sets the address. */
function filterForm(filters) {
  const choices = field => h('fieldset', {}, h('legend', {}, valueText('field', field)), Object.entries(labels[field]).map(([value, label]) =>
    h('label', {}, h('input', { type: 'checkbox', name: field, value, checked: filters[field].split(',').includes(value) }), label)));
  const input = (name, label) => h('label', { class: 'text-field' }, label, h('input', { name, value: filters[name], autocomplete: 'off' }));
  return h('details', { class: 'filters', open: Object.values(filters).some(Boolean) }, h('summary', {}, texts.filters),
    h('form', { submit: event => {
      event.preventDefault();
      const chosen = new FormData(event.target);
      const query = new URLSearchParams(Object.keys(filters).map(name => [name, chosen.getAll(name).map(value => value.trim()).filter(Boolean).join(',')]).filter(([, value]) => value));
      location.search = query;
    } }, choices('status'), choices('priority'), input('op', texts.operator), input('tid', texts.tickets),
    h('p', { class: 'actions' }, h('button', { class: 'primary' }, texts.apply), h('a', { class: 'button', href: location.pathname }, texts.clear))));
}
