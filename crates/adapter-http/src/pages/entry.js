// An entry of a history: a trace with what it changed.

import { h, icon } from './dom.js';
import { bytes, calendarDay, dayOf, relativeTime, time, visible } from './format.js';
import { labels } from './labels.js';
import { language, texts } from './texts.js';

const FIELDS = ['status', 'priority', 'appointment', 'category'];
/** Longer remarks are shown in part until the visitor asks for the whole. */
const MAX_REMARK_CHARS = 4_000;

/** Returns the words for a value of a field. */
export function valueText(field, value) {
  if (!value) return texts.none;
  if (field === 'appointment') return calendarDay(value);
  return labels[field]?.[value]?.[language] ?? value;
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
  return trace.changes.length ? texts.changed : texts.noted;
}

/** Returns the changes and the remark of a trace in one line of plain text, for screen readers. */
export function summary(trace, isOwner) {
  const changes = trace.changes.map(({ field, to }) => texts.set(texts[field], valueText(field, to)));
  return `${actorText(trace, isOwner)}: ${[...changes, trace.remark.slice(0, 200)].filter(Boolean).join(', ')}`;
}

/** Creates the list item of a trace, with `ticketLink` in a list of many tickets. */
export function entry(trace, { isOwner = false, ticketLink = null } = {}) {
  const status = trace.changes.find(({ field }) => field === 'status')?.to;
  const kind = status ?? trace.changes[0]?.field ?? 'remark';
  return h('li', { id: `trace-${trace.opid}`, class: `entry status-${status ?? 'none'}` },
    h('span', { class: 'marker' }, icon(kind)),
    h('div', { class: 'entry-head' },
      h('strong', { class: 'actor', title: trace.actor === 'operator' ? texts.staff(trace.op) : null }, h('bdi', {}, visible(actorText(trace, isOwner)))),
      ' ', h('span', { class: 'action' }, actionText(trace)), ticketLink && [' ', ticketLink],
      h('a', { class: 'when', href: ticketLink?.getAttribute('href') ?? `#trace-${trace.opid}` }, time(trace.updated_at), ' ', relativeTime(trace.updated_at))),
    trace.changes.length > 0 && h('ul', { class: 'changes' }, trace.changes.map(change)),
    repeated(trace),
    trace.remark && remark(trace.remark),
    record(trace));
}

function change({ field, from, to }) {
  const value = text => field === 'status' && text ? statusBadge(text) : h('span', { class: 'value' }, valueText(field, text));
  return h('li', {}, h('span', { class: 'field' }, texts[field]), ' ',
    from && [h('span', { class: 'visually-hidden' }, texts.from), ' ', h('span', { class: 'before' }, value(from)), h('span', { class: 'arrow', 'aria-hidden': 'true' }, ' → '), h('span', { class: 'visually-hidden' }, ` ${texts.to} `)],
    value(to));
}

/** Creates the line for values that the trace set to what they were before. */
function repeated(trace) {
  const changed = new Set(trace.changes.map(({ field }) => field));
  const fields = FIELDS.filter(field => trace[`new_${field}`] && !changed.has(field));
  if (!fields.length) return null;
  return h('p', { class: 'repeated' }, fields.map(field => texts.repeated(texts[field], valueText(field, trace[`new_${field}`]))).join(' · '));
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
  return h('details', { class: 'record', toggle: () => {
    if (list.firstChild) return;
    for (const [name, value] of Object.entries(trace)) {
      if (name === 'changes' || name === 'remark') continue;
      list.append(h('dt', {}, name), h('dd', {}, visible(value === '' ? '""' : String(value))));
    }
  } }, h('summary', {}, `${texts.record} #${trace.opid}`), list);
}

/** Groups items by the day of their trace: a heading and a list for each day. */
export function byDay(items) {
  const days = [];
  for (const { trace, element } of items) {
    const name = dayOf(trace.updated_at);
    if (days.at(-1)?.name !== name) days.push({ name, elements: [] });
    days.at(-1).elements.push(element);
  }
  return days.map(({ name, elements }) => h('section', { class: 'day' }, h('h3', {}, name), h('ol', { class: 'entries' }, elements)));
}
