// Notices for failed requests, and for the choice between two tokens.

import { failureFrom } from './api.js';
import { h } from './dom.js';
import { time, visible } from './format.js';
import { failureTexts, texts } from './texts.js';
import { answerLinked, claims, currentToken, setToken, sid, tokenToConfirm } from './token.js';

const SIGN_IN = document.documentElement.dataset.signIn;
const NEEDS_TOKEN = ['no-token', 'expired', 'refused', 'unregistered', 'not-yours', 'staff-only'];
let countdown;
/** The heading and the form of the failure that is shown. */
let shown = '';

/** Shows a failure: above the content, whose time is `shownSince`, or as a page of its own. */
export function showFailure(container, failure, { delayMs = null, shownSince = null, retry }) {
  clearInterval(countdown);
  const [title, advice] = failureTexts(failure);
  const isBrief = shownSince !== null;
  const heading = failure.kind === 'unreachable' && !navigator.onLine ? texts.offline : title;
  const isShown = shown === `${heading} ${isBrief}`;
  shown = `${heading} ${isBrief}`;
  const remaining = isShown ? container.querySelector('.remaining') : h('span', { class: 'remaining', 'aria-hidden': 'true' });
  if (delayMs !== null) {
    const end = Date.now() + delayMs;
    const update = () => { remaining.textContent = ` ${texts.retryIn(Math.max(0, Math.ceil((end - Date.now()) / 1000)))}`; };
    update();
    countdown = setInterval(update, 1000);
  }
  const requestId = isShown ? container.querySelector('.request-id') : h('p', { class: 'request-id' });
  requestId.replaceChildren(...failure.requestId ? [`${texts.requestId}: `, h('code', {}, failure.requestId)] : []);
  // A repeated failure keeps its other elements and the focus, and is not announced again.
  if (isShown) return;
  container.replaceChildren(h('section', { class: isBrief ? 'notice brief' : 'notice' },
    h('div', { role: 'alert' }, h(isBrief ? 'p' : 'h1', { class: 'notice-title' }, heading), h('p', {}, advice, remaining)),
    isBrief && h('p', {}, texts.shown[0], time(shownSince, 'moment'), texts.shown[1]),
    failure.kind === 'bad-request' && failure.detail && h('p', { class: 'detail' }, failure.detail),
    h('p', { class: 'actions' },
      NEEDS_TOKEN.includes(failure.kind) && SIGN_IN && h('a', { class: 'button primary', href: signInAddress() }, texts.signIn),
      h('button', { type: 'button', click: retry }, texts.retry)),
    NEEDS_TOKEN.includes(failure.kind) && tokenField(retry),
    requestId));
}

/** Returns what failed in one line, with the request id to quote. */
export function failureLine(error) {
  const failure = failureFrom(error);
  return [failureTexts(failure)[0], failure.requestId && `${texts.requestId}: ${failure.requestId}`].filter(Boolean).join(' · ');
}

/** Removes the notice. */
export function clearNotice(container) {
  clearInterval(countdown);
  shown = '';
  container.replaceChildren();
}

/** Asks whether to use the token of a link that belongs to somebody else. Returns whether there is one to ask about. */
export function askForLinkedToken(container) {
  const linked = tokenToConfirm();
  if (!linked) return false;
  shown = '';
  const answer = accepted => {
    clearNotice(container);
    answerLinked(accepted);
  };
  const name = token => [claims(token).name, sid(token)].filter(Boolean).join(' ').slice(0, 100) || texts.unnamed;
  container.replaceChildren(h('section', { class: 'notice' },
    h('h1', { class: 'notice-title' }, texts.confirmTitle),
    h('p', {}, visible(texts.confirm(name(linked), name(currentToken())))),
    h('p', { class: 'actions' },
      h('button', { type: 'button', class: 'primary', click: () => answer(true) }, texts.accept),
      h('button', { type: 'button', click: () => answer(false) }, texts.decline))));
  return true;
}

/** Returns the address of the sign-in service, with this page's address to return to. The address has no token in it. */
function signInAddress() {
  return SIGN_IN.replaceAll('{return}', encodeURIComponent(location.href));
}

function tokenField(retry) {
  const input = h('input', { id: 'token', type: 'password', autocomplete: 'off', required: true });
  return h('form', { class: 'token-form', submit: event => {
    event.preventDefault();
    setToken(input.value);
    retry();
  } }, h('label', { for: 'token' }, texts.token), input, h('button', { type: 'submit' }, texts.useToken));
}
