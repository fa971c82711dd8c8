// An entry of a history: a trace with what it changed.

import { h, icon } from './dom.js';
import { bytes, dateOf, dateText, time, visible } from './format.js';
import { labels, texts } from './texts.js';

const FIELDS = ['status', 'priority', 'appointment', 'category'];
/** Longer remarks are shown in part until the visitor asks for the whole. */
const MAX_REMARK_CHARS = 1_000;

/** Returns the words for a value of a field, or of another list of labels. */
export function valueText(field, value) {
  if (!value) return texts.none;
  if (field === 'appointment') return dateText(value, 'day');
  return labels[field]?.[value] ?? value;
}

/** Creates a status in words, with its icon and colour. */
export function statusBadge(status) {
  return h('span', { class: `badge status-${status}` }, icon(status), valueText('status', status));
}

/** Returns who recorded a trace. `isOwner`: the visitor reads a ticket of their own. */
function actorText(trace, isOwner) {
  if (trace.actor === 'system') return texts.system;
  if (trace.actor === 'user') return isOwner ? texts.you : texts.user;
  return trace.op_name || texts.staff(trace.op);
}

function isCreation({ changes }) {
  return changes.some(({ field, from, to }) => field === 'status' && from === '' && to === 'fresh');
}

function actionText(trace) {
  if (isCreation(trace)) return texts.createdTicket;
  return trace.changes.length || repeatedFields(trace).length ? texts.changed : texts.noted;
}

/** Returns the changes and the remark of a trace in one line of plain text, for screen readers. */
export function summary(trace, isOwner) {
  const changes = trace.changes.map(({ field, to }) => texts.set(valueText('field', field), valueText(field, to)));
  return `${actorText(trace, isOwner)}: ${[...changes, trace.remark.slice(0, 200)].filter(Boolean).join(', ')}`;
}

/** Creates the list item of a trace, with `ticketLink` in a list of many tickets. */
export function entry(trace, { isOwner = false, ticketLink = null } = {}) {
  const status = trace.changes.find(({ field }) => field === 'status')?.to;
  const kind = status ?? trace.changes[0]?.field ?? 'remark';
  const repeated = repeatedFields(trace);
  return h('li', { id: `trace-${trace.opid}`, class: `entry status-${status ?? 'none'}` },
    h('span', { class: 'marker' }, icon(kind)),
    h('div', { class: 'entry-head' },
      ticketLink, ticketLink && ' ',
      h('strong', {}, h('bdi', {}, visible(actorText(trace, isOwner)))),
      !ticketLink && [' ', h('span', { class: 'muted' }, actionText(trace))]),
    h('a', { class: 'when muted', href: ticketLink?.getAttribute('href') ?? `#trace-${trace.opid}` }, time(trace.updated_at, 'clock'), ' ', time(trace.updated_at, 'relative')),
    h('div', { class: 'entry-body' },
      trace.changes.length > 0 && h('ul', { class: 'changes' }, trace.changes.map(change)),
      repeated.length > 0 && h('p', { class: 'muted' }, repeated.map(field => texts.repeated(valueText('field', field), valueText(field, trace[`new_${field}`]))).join(' · ')),
      trace.remark && remark(trace.remark)),
    record(trace));
}

function change({ field, from, to }) {
  return h('li', {}, h('span', { class: 'muted' }, valueText('field', field)), ' ', h('span', {},
    from && [h('span', { class: 'visually-hidden' }, `${texts.from} `), h('span', { class: 'before' }, value(field, from)), h('span', { class: 'muted', 'aria-hidden': 'true' }, ' → '), h('span', { class: 'visually-hidden' }, ` ${texts.to} `)],
    value(field, to)));
}

/** Creates the value of a field. */
export function value(field, text) {
  if (field === 'status' && text) return statusBadge(text);
  return field === 'appointment' && dateOf(text) ? time(text, 'day') : h('span', {}, valueText(field, text));
}

/** Returns the fields that the trace set to the value that they had before. */
function repeatedFields(trace) {
  return FIELDS.filter(field => trace[`new_${field}`] && !trace.changes.some(change => change.field === field));
}

function remark(text) {
  const element = h('p', { class: 'remark', dir: 'auto' }, visible(text.slice(0, MAX_REMARK_CHARS)));
  if (text.length <= MAX_REMARK_CHARS) return element;
  const button = h('button', { type: 'button', click: () => {
    element.replaceChildren(...visible(text));
    button.remove();
  } }, texts.showAll(bytes(new Blob([text]).size)));
  return [element, button];
}

/** Creates the fields of a trace as the API returned them, filled in when opened. */
function record(trace) {
  const list = h('dl', {});
  return h('details', { class: 'record muted', toggle: () => {
    if (list.firstChild) return;
    for (const [name, value] of Object.entries(trace)) {
      if (name === 'changes' || name === 'remark') continue;
      list.append(h('dt', {}, name), h('dd', {}, visible(value === '' ? '""' : String(value))));
    }
  } }, h('summary', {}, `${texts.record} #${trace.opid}`), list);
}

/** Replaces the content of a list by that which `create` returns. Entries further down stay where they are on the screen. */
export function replaceEntries(list, create) {
  const focused = document.activeElement;
  const first = list.querySelector('.entry');
  const top = first?.getBoundingClientRect().top;
  list.replaceChildren(...create());
  if (top < 0 && first.isConnected) scrollBy(0, first.getBoundingClientRect().top - top);
  // Elements that are attached again have lost the focus.
  if (focused !== document.activeElement && list.contains(focused)) focused.focus({ preventScroll: true });
}

/** Groups items by the day of their trace: a heading and a list for each day. */
export function byDay(items) {
  const days = [];
  for (const { trace, element } of items) {
    const name = dateText(trace.updated_at, 'day');
    if (days.at(-1)?.name !== name) days.push({ name, day: time(trace.updated_at, 'day'), elements: [] });
    days.at(-1).elements.push(element);
  }
  return days.map(({ day, elements }) => h('section', { class: 'day' }, h('h3', {}, day), h('ol', { class: 'entries' }, elements)));
}
