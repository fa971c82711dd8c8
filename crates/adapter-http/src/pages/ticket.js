// The page of a ticket: its state, the time in each status, and its history.

import { apiUrl, follow, get, parse } from './api.js';
import { announce, h, withStorage } from './dom.js';
import { byDay, entry, replaceEntries, statusBadge, summary, value, valueText } from './entry.js';
import { dateOf, daysUntil, duration, time, updateTimes } from './format.js';
import { failureLine } from './notice.js';
import { operators, texts } from './texts.js';
import { claims } from './token.js';

const ORDER_KEY = 'wts-order';
/** Longer histories show this many entries at each end, and the rest on request. */
const FOLDED_ENTRIES = 20;
const SUMMARY_INTERVAL_MS = 30_000;
const FINISHED = ['solved', 'canceled'];

/** Creates the view of a ticket in `container`. */
export function showTicket(container, number) {
  const title = h('h1', {}, texts.ticket(number));
  const state = h('section', { 'aria-label': texts.overall, class: 'card' });
  const bar = h('div', {});
  const periods = h('ol', {});
  const timeInStatus = h('section', { class: 'card' }, h('h2', {}, texts.timeInStatus), bar, h('details', {}, h('summary', { class: 'muted' }, texts.periods), periods));
  const history = h('section', { class: 'card' });
  const live = h('span', { class: 'live' }, texts.live);
  let body = null;
  let token = '';
  let shownSince = null;
  let isUnfolded = false;
  let isNewestFirst = withStorage(() => localStorage.getItem(ORDER_KEY)) === 'desc';
  /** The elements of entries by id, with the trace that each of them shows, in JSON. */
  let elements = new Map();
  const heading = h('h2', {});
  const missing = h('p', { role: 'status' });
  const list = h('div', {});
  history.append(h('div', { class: 'toolbar' }, heading, orderSwitch(), downloadButton()), missing, list);
  document.title = texts.ticket(number);
  addEventListener('hashchange', showTarget);
  addEventListener('beforeprint', unfold);
  setInterval(() => body && drawSummary(), SUMMARY_INTERVAL_MS);

  const source = {
    url: () => apiUrl('get_traces', { tid: number, order: 'asc', include: 'changes,state' }),
    position: null,
    hasTag: true,
    async read(response) {
      const next = parse(await response.text());
      source.position = response.headers.get('ETag');
      show(next);
      return false;
    },
    receive: event => show(event.data),
  };

  function show(next) {
    const isFirst = body === null;
    const known = new Set(body?.traces.map(({ opid }) => opid));
    body = next;
    shownSince = new Date().toISOString();
    draw();
    const added = next.traces.filter(({ opid }) => !known.has(opid));
    if (isFirst) showTarget();
    else if (added.length) {
      announce(`${texts.newEntries(added.length)}. ${added.map(trace => summary(trace, isOwner())).join('. ')}`);
      for (const { opid } of added) elements.get(opid)?.element.classList.add('new');
    }
  }

  function draw() {
    const { traces } = body;
    const status = body.state.status && valueText('status', body.state.status);
    document.title = [texts.ticket(number), status].filter(Boolean).join(' · ');
    drawSummary();
    timeInStatus.hidden = !body.state.time_in_status.length;
    periods.replaceChildren(...body.state.time_in_status.map(period));
    heading.textContent = texts.history(traces.length);
    replaceEntries(list, () => traces.length ? days(isNewestFirst ? traces.toReversed() : traces) : [h('p', { class: 'day' }, texts.empty)]);
    if (!title.isConnected) container.replaceChildren(h('div', { class: 'title-line' }, title, live), state, timeInStatus, history);
    updateTimes();
  }

  /** Draws what depends on the time of day. */
  function drawSummary() {
    state.replaceChildren(...stateElements(body.state));
    bar.replaceChildren(...barElements(body.state.time_in_status));
  }

  /** Groups entries by day; the middle of a long history is folded. */
  function days(traces) {
    const daysOf = part => byDay(part.map(trace => ({ trace, element: elementOf(trace) })));
    if (isUnfolded || traces.length <= 3 * FOLDED_ENTRIES) return daysOf(traces);
    const rest = traces.length - 2 * FOLDED_ENTRIES;
    const button = h('button', { type: 'button', class: 'fold', click: () => {
      unfold();
      elementOf(traces[FOLDED_ENTRIES]).querySelector('a').focus({ preventScroll: true });
    } }, texts.fold(rest));
    return [...daysOf(traces.slice(0, FOLDED_ENTRIES)), button, ...daysOf(traces.slice(-FOLDED_ENTRIES))];
  }

  /** Returns the element of an entry, the one on the screen if the trace is unchanged. */
  function elementOf(trace) {
    const json = JSON.stringify(trace);
    const known = elements.get(trace.opid);
    if (known?.json === json) return known.element;
    const element = entry(trace, { isOwner: isOwner() });
    elements.set(trace.opid, { element, json });
    return element;
  }

  function isOwner() {
    return !operators.includes(claims(token).access);
  }

  function orderSwitch() {
    const select = h('select', { 'aria-label': texts.order, change: () => {
      isNewestFirst = select.value === 'desc';
      withStorage(() => localStorage.setItem(ORDER_KEY, select.value));
      draw();
    } }, h('option', { value: 'asc' }, texts.oldestFirst), h('option', { value: 'desc' }, texts.newestFirst));
    select.value = isNewestFirst ? 'desc' : 'asc';
    return select;
  }

  function unfold() {
    isUnfolded = true;
    if (body) draw();
  }

  function downloadButton() {
    const problem = h('span', { class: 'detail', role: 'alert' });
    const button = h('button', { type: 'button', click: async () => {
      const requester = token;
      button.disabled = true;
      problem.textContent = '';
      try {
        const response = await get(apiUrl('get_traces', { tid: number, format: 'csv', include: 'changes' }), token);
        const url = URL.createObjectURL(await response.blob());
        // Another visitor can have signed in meanwhile.
        if (token === requester) h('a', { href: url, download: `ticket-${number}.csv` }).click();
        setTimeout(() => URL.revokeObjectURL(url), 60_000);
      } catch (error) {
        problem.textContent = failureLine(error);
      } finally {
        button.disabled = false;
      }
    } }, texts.csv);
    return [button, problem];
  }

  /** Shows the entry that the address names. */
  function showTarget() {
    const opid = /^#trace-(\d+)$/.exec(location.hash)?.[1];
    const found = body?.traces.find(trace => String(trace.opid) === opid);
    missing.textContent = opid && body && !found ? texts.noEntry(opid) : '';
    if (!found) return;
    if (!elements.get(found.opid)?.element.isConnected) unfold();
    const { element } = elements.get(found.opid);
    document.querySelector('.target')?.classList.remove('target');
    element.classList.add('target');
    element.scrollIntoView({ block: 'center' });
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
      body = null;
      shownSince = null;
      source.position = null;
      elements = new Map();
      document.title = texts.ticket(number);
      container.replaceChildren();
    },
    shownSince: () => shownSince,
  };
}

function stateElements(state) {
  const item = (name, ...value) => h('div', {}, h('dt', {}, name), h('dd', {}, value));
  const day = value('appointment', state.appointment);
  const isOpen = state.status && !FINISHED.includes(state.status);
  const isDue = state.status === 'scheduled' && dateOf(state.appointment) && daysUntil(dateOf(state.appointment)) >= 0;
  return [
    h('p', { class: 'status-now' }, state.status ? statusBadge(state.status) : texts.noStatus,
      state.status_since && h('span', { class: 'muted' }, texts.since[0], time(state.status_since, 'moment'), texts.since[1], ' ', time(state.status_since, 'relative'))),
    h('dl', { class: 'fields' },
      isOpen && h('div', { class: 'next' }, h('dt', {}, texts.nextStep), h('dd', {}, isDue ? [texts.set(valueText('field', 'appointment'), ''), day] : texts.next[state.status])),
      !isDue && item(valueText('field', 'appointment'), day),
      ['priority', 'category'].map(field => item(valueText('field', field), valueText(field, state[field]))),
      state.created_at && item(texts.created, time(state.created_at, 'moment')),
      state.last_updated_at && item(texts.updated, time(state.last_updated_at, 'moment'))),
    state.findings.length > 0 && h('div', { class: 'findings muted' }, h('p', {}, texts.findings),
      h('ul', {}, state.findings.map(finding => h('li', {}, valueText('findings', finding))))),
  ].filter(Boolean);
}

/** Returns the length of a visit in seconds, until now if the visit is open; null if it is unknown. */
function secondsOf({ from, until, seconds }) {
  const start = dateOf(from);
  return until === '' && start ? (Date.now() - start) / 1000 : seconds;
}

/** Creates the bar of the time in each status, and a list of the total of each status, in the order of first visits. */
function barElements(visits) {
  const totals = new Map();
  const segments = visits.map(visit => {
    const { status, until } = visit;
    const seconds = secondsOf(visit);
    const total = totals.get(status) ?? { seconds: 0, visits: 0 };
    totals.set(status, { seconds: seconds === null || total.seconds === null ? null : total.seconds + seconds, visits: total.visits + 1, isOpen: until === '' });
    // The time after the repair has a fixed width.
    const isFinished = until === '' && FINISHED.includes(status);
    const segment = h('span', { class: `segment status-${status}` });
    segment.style.flex = isFinished ? '0 0 2rem' : `${Math.max(seconds, 1)} 0 0`;
    return segment;
  });
  const words = [...totals].map(([status, { seconds, visits, isOpen }]) => h('li', {}, h('span', { class: `swatch status-${status}` }), valueText('status', status), ' ',
    h('b', {}, duration(seconds)), isOpen && ` ${texts.soFar}`, visits > 1 && ` · ${texts.visits(visits)}`));
  return [h('div', { class: 'bar', 'aria-hidden': 'true' }, segments), h('ul', { class: 'totals' }, words)];
}

/** Creates the line of a visit of a status. */
function period(visit) {
  return h('li', {}, valueText('status', visit.status), ' · ', time(visit.from, 'moment'), ' – ', visit.until ? [time(visit.until, 'moment'), ' · ', duration(visit.seconds)] : texts.soFar);
}
