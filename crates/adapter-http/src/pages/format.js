// Times, lengths and hostile texts in a form that people can read.

import { h } from './dom.js';
import { language, texts } from './texts.js';

const LOCALE = language === 'zh' ? 'zh-CN' : 'en-GB';
const DAY_MS = 86_400_000;
const UNITS = [['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]];
const dayFormat = new Intl.DateTimeFormat(LOCALE, { weekday: 'long', day: 'numeric', month: 'long' });
const dayAndYearFormat = new Intl.DateTimeFormat(LOCALE, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const timeFormat = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' });
const fullFormat = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'full', timeStyle: 'long' });
const relativeFormat = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' });

/** Returns the day of a timestamp in the visitor's zone, such as "Today" or "Sunday 29 November". */
export function dayOf(timestamp) {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? unusual(timestamp) : namedDay(date);
}

/** Returns a calendar day such as `2025-12-08` in words: it has no time and no zone. */
export function calendarDay(day) {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)/.exec(day) ?? [];
  return year ? namedDay(new Date(Number(year), month - 1, Number(date)), true) : unusual(day);
}

function namedDay(date, withDate = false) {
  const today = new Date();
  const distance = Math.round((midnight(date) - midnight(today)) / DAY_MS);
  const name = { '-1': texts.yesterday, 0: texts.today, 1: texts.tomorrow }[distance];
  const full = (date.getFullYear() === today.getFullYear() ? dayFormat : dayAndYearFormat).format(date);
  if (!name) return full;
  return language === 'zh' ? `${name}（${full}）` : `${name}, ${full}`;
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

/** Creates a `time` element with the time of day, or with the day too. */
export function time(timestamp, withDay = false) {
  const date = new Date(timestamp);
  if (Number.isNaN(date.getTime())) return h('span', {}, unusual(timestamp));
  const text = withDay ? `${namedDay(date)} ${timeFormat.format(date)}` : timeFormat.format(date);
  return h('time', { datetime: timestamp, title: fullFormat.format(date) }, text);
}

/** Creates a `time` element with the distance from now, which `updateRelativeTimes` keeps current. */
export function relativeTime(timestamp) {
  const date = new Date(timestamp);
  if (Number.isNaN(date.getTime())) return null;
  return h('time', { class: 'relative', datetime: timestamp, title: fullFormat.format(date) }, distance(date));
}

export function updateRelativeTimes() {
  for (const element of document.querySelectorAll('time.relative')) element.textContent = distance(new Date(element.dateTime));
}

function distance(date) {
  const seconds = (date - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  return unit === 'second' && seconds <= 0 ? relativeFormat.format(0, 'second') : relativeFormat.format(Math.trunc(seconds / size), unit);
}

/** Returns a length in its two largest units, such as "5 hours 30 minutes". */
export function duration(seconds) {
  const parts = [];
  let rest = Math.max(0, Math.floor(seconds));
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count || unit === 'second' && !parts.length) parts.push(new Intl.NumberFormat(LOCALE, { style: 'unit', unit, unitDisplay: 'long' }).format(count));
    else if (parts.length) break;
    if (parts.length === 2) break;
    rest -= count * size;
  }
  return parts.join(' ');
}

/** Returns the words of a timestamp that is not a date of the calendar, such as `infinity`. */
function unusual(timestamp) {
  return texts[timestamp] ?? (timestamp || texts.undated);
}

export function bytes(count) {
  const [unit, size] = count < 1e6 ? ['kilobyte', 1e3] : ['megabyte', 1e6];
  return new Intl.NumberFormat(LOCALE, { style: 'unit', unit, maximumFractionDigits: 1 }).format(count / size);
}

/** Characters that act on a terminal or turn or hide text: control characters, directional formatting, zero-width spaces. */
const INVISIBLE = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** Returns the text as nodes, with each invisible character replaced by its visible code point. */
export function visible(text) {
  const normalised = text.replaceAll('\r\n', '\n');
  const nodes = [];
  let end = 0;
  for (const { 0: character, index } of normalised.matchAll(INVISIBLE)) {
    const codePoint = character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
    nodes.push(normalised.slice(end, index), h('span', { class: 'code-point' }, `U+${codePoint}`));
    end = index + character.length;
  }
  nodes.push(normalised.slice(end));
  return nodes;
}
