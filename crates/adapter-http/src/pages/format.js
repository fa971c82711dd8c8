// Times, lengths and hostile texts in a form that people can read.

import { h } from './dom.js';
import { language, texts } from './texts.js';

const LOCALE = language === 'zh' ? 'zh-CN' : 'en-GB';
const DAY_MS = 86_400_000;
const UNITS = [['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]];
const dayFormat = new Intl.DateTimeFormat(LOCALE, { weekday: 'long', day: 'numeric', month: 'long' });
const dayAndYearFormat = new Intl.DateTimeFormat(LOCALE, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const shortDayFormat = new Intl.DateTimeFormat(LOCALE, { weekday: 'short', day: 'numeric', month: 'short' });
const shortDayAndYearFormat = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', year: 'numeric' });
const clockFormat = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' });
const fullFormat = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'full', timeStyle: 'long' });
const relativeFormat = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' });

/** The forms in which a `time` element shows a date. */
const FORMS = {
  /** "07:40". */
  clock: date => clockFormat.format(date),
  /** "yesterday 07:40". */
  moment: date => `${nearDay(date)?.toLowerCase() ?? format(date, shortDayFormat, shortDayAndYearFormat)} ${clockFormat.format(date)}`,
  /** "Yesterday, Saturday 28 November". */
  day: date => texts.nearDay(nearDay(date), format(date, dayFormat, dayAndYearFormat)),
  /** "20 hours ago". */
  relative: date => {
    const seconds = (date - Date.now()) / 1000;
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', Infinity];
    return relativeFormat.format(unit === 'day' ? daysUntil(date) : Math.trunc(seconds / size), unit);
  },
};

/** Returns the date of a timestamp, or of a calendar day such as `2025-12-08`, which has no time and no zone; null for others. */
export function dateOf(value) {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(value) ?? [];
  const date = year ? new Date(Number(year), month - 1, Number(day)) : new Date(value);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** Returns the number of days from today to a date. */
export function daysUntil(date) {
  const today = new Date().setHours(0, 0, 0, 0);
  return Math.round((new Date(date).setHours(0, 0, 0, 0) - today) / DAY_MS);
}

function nearDay(date) {
  return { '-1': texts.yesterday, 0: texts.today, 1: texts.tomorrow }[daysUntil(date)];
}

function format(date, sameYear, otherYear) {
  return (date.getFullYear() === new Date().getFullYear() ? sameYear : otherYear).format(date);
}

/** Returns a date in words: see `FORMS`. */
export function dateText(value, form) {
  const date = dateOf(value);
  return date ? FORMS[form](date) : unusual(value);
}

/** Creates a `time` element, which `updateTimes` keeps current. */
export function time(value, form) {
  const date = dateOf(value);
  if (!date) return form === 'relative' ? null : h('span', {}, unusual(value));
  return h('time', { class: form, datetime: value, title: form === 'day' ? null : fullFormat.format(date) }, FORMS[form](date));
}

/** Writes all `time` elements of the page again where the words have changed. */
export function updateTimes() {
  for (const element of document.querySelectorAll('time')) {
    const text = dateText(element.dateTime, element.className);
    if (element.textContent !== text) element.textContent = text;
  }
}

/** Returns a length in its two largest units, such as "5 hours 30 minutes". `null`: a length without end or beginning. */
export function duration(seconds) {
  if (seconds === null) return texts.unknown;
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
