// The token of the visitor: from a link, from the sign-in of the existing client, or pasted by hand.
//
// The first thing that this module does, and with it the page, is to remove a link's token from the address.

import { withStorage } from './dom.js';

const TAB_KEY = 'wts-token';
const SHARED_KEY = document.documentElement.dataset.storageKey;

/** The token of the tab where the browser forbids storage. `history.state` keeps it while the language changes. */
let { token: memory = null, ...state } = history.state ?? {};
history.replaceState(state, '');
let linked = takeFromAddress();
/** The shared token at the last event of the storage. */
let knownShared = sharedToken();
/** The tokens that the server did not accept. */
const rejected = new Set();
acceptLinked();
addEventListener('hashchange', () => {
  const token = takeFromAddress();
  if (!token) return;
  linked = token;
  acceptLinked();
  dispatchEvent(new Event('tokenchange'));
});
// Another tab signed in or out. A sign-out also ends the use of the same person's token in this tab.
addEventListener('storage', event => {
  const isShared = SHARED_KEY && (event.key === SHARED_KEY || event.key === null);
  if (!isShared || event.storageArea !== localStorage) return;
  const before = knownShared;
  knownShared = sharedToken();
  if (before && !knownShared && sid(before) === sid(tabToken() ?? '')) setToken(null);
  dispatchEvent(new Event('tokenchange'));
});

/** Returns the visitor's token, or null: that of the tab or the shared one, the first that the server did not reject. */
export function currentToken() {
  const tokens = [tabToken(), sharedToken()].filter(Boolean);
  return tokens.find(token => !rejected.has(token)) ?? tokens[0] ?? null;
}

/** Notes that the server rejected a token. Returns whether the visitor has another one. */
export function rejectToken(token) {
  rejected.add(token);
  return !rejected.has(currentToken() ?? token);
}

function tabToken() {
  return withStorage(() => sessionStorage.getItem(TAB_KEY)) ?? memory;
}

function sharedToken() {
  return SHARED_KEY ? plain(withStorage(() => localStorage.getItem(SHARED_KEY))) : null;
}

/** Returns the token of a link that belongs to somebody other than the visitor, or null. */
export function tokenToConfirm() {
  return linked;
}

/** Uses or discards the token of the link. */
export function answerLinked(accepted) {
  if (accepted && linked) setToken(linked);
  linked = null;
  dispatchEvent(new Event('tokenchange'));
}

/** Keeps a token for this tab, or none. */
export function setToken(token) {
  memory = plain(token);
  withStorage(() => memory ? sessionStorage.setItem(TAB_KEY, memory) : sessionStorage.removeItem(TAB_KEY));
}

export function isExpired(token) {
  const { exp } = claims(token);
  return typeof exp === 'number' && exp * 1000 <= Date.now();
}

export function sid(token) {
  return String(claims(token).sid ?? '');
}

/** Returns the claims of a token, unverified: for display only. */
export function claims(token) {
  try {
    const payload = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(payload), char => char.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) ?? {};
  } catch {
    return {};
  }
}

function acceptLinked() {
  const current = currentToken();
  // A token without a `sid` belongs to no person.
  if (linked && (!current || ['', sid(linked)].includes(sid(current)))) {
    setToken(linked);
    linked = null;
  }
}

function takeFromAddress() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get('token');
  if (token === null) return null;
  const trace = /^\d+$/.test(fragment.get('trace') ?? '') ? `#trace-${fragment.get('trace')}` : '';
  history.replaceState(history.state, '', location.pathname + location.search + trace);
  return token || null;
}

/** Removes what copying adds to a token: white space, quotation marks and the scheme. */
function plain(token) {
  return token?.trim().replace(/^"(.*)"$/, '$1').replace(/^bearer\s+/i, '') || null;
}
