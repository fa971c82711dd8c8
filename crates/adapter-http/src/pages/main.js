// Starts the page: selects the view by the URL, and asks for a token if needed.

import './token.js'; // First: removes a link's token from the address.
import { Failure } from './api.js';
import { h } from './dom.js';
import { updateTimes } from './format.js';
import { askForLinkedToken, clearNotice, showFailure } from './notice.js';
import { language, switchLanguage, texts } from './texts.js';
import { currentToken, rejectToken, sid } from './token.js';

/** A hidden page keeps its stream for this time. Browsers allow six connections. */
const HIDDEN_LIMIT_MS = 30_000;

const root = document.documentElement.dataset.root;
const main = document.getElementById('main');
const notice = h('div', { id: 'notice' });
const content = h('div', { id: 'content' });
let view = null;
let running = null;
let token = null;
let hiddenTimer;

document.getElementById('header').append(
  h('a', { class: 'skip', href: '#main' }, texts.skip),
  h('a', { class: 'home', href: `${root}/` }, texts.product),
  h('button', { type: 'button', class: 'plain', lang: language === 'zh' ? 'en' : 'zh-CN', click: () => switchLanguage(currentToken()) }, texts.otherLanguage));

const [, ticket] = /\/tickets\/([^/]+)$/.exec(location.pathname) ?? [];
const page = await import(ticket !== undefined ? './ticket.js' : /\/activity$/.test(location.pathname) ? './activity.js' : './start.js');
main.replaceChildren(notice, content);
if (page.showTicket) start(page.showTicket(content, decode(ticket)));
else if (page.showActivity) start(page.showActivity(content));
else page.showStart(content);

function start(started) {
  view = started;
  restart();
  addEventListener('tokenchange', restart);
  document.addEventListener('visibilitychange', () => {
    limitWhileHidden();
    if (!document.hidden && (!running || currentToken() !== token)) restart();
  });
  // Requests that wait do not notice that the network is gone.
  addEventListener('offline', () => running && restart());
  // A page from the browser's back/forward cache can be old.
  addEventListener('pageshow', event => event.persisted && restart());
  setInterval(updateTimes, 20_000);
}

/** Stops the page if it stays hidden. */
function limitWhileHidden() {
  clearTimeout(hiddenTimer);
  if (document.hidden) hiddenTimer = setTimeout(stop, HIDDEN_LIMIT_MS);
}

/** Begins to follow the resource of the view with the visitor's present token. */
function restart() {
  stop();
  limitWhileHidden(); // A page can be opened in the background.
  if (askForLinkedToken(notice)) return;
  const next = currentToken();
  // The content is cleared when another visitor signs in, or the visitor signs out.
  if (!next || token && sid(next) !== sid(token)) view.clear();
  token = next;
  if (!token) return report(new Failure('no-token'));
  if (view.shownSince() === null) content.replaceChildren(h('p', { class: 'muted', role: 'status' }, texts.loading));
  running = new AbortController();
  const { signal } = running;
  view.follow(token, signal, (failure, delayMs) => signal.aborted || report(failure, delayMs));
}

function stop() {
  running?.abort();
  running = null;
}

function report(failure, delayMs = null) {
  if (!failure) return clearNotice(notice);
  if (['expired', 'refused'].includes(failure.kind) && rejectToken(token)) return restart();
  if (['refused', 'unregistered', 'not-yours', 'not-found', 'staff-only'].includes(failure.kind)) view.clear();
  if (view.shownSince() === null) content.replaceChildren();
  showFailure(notice, failure, { delayMs, shownSince: view.shownSince(), retry: restart });
}

/** Decodes a segment of a path. Returns it as it is if it is not valid: the API then rejects it. */
function decode(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
