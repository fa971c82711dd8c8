// The token of the visitor: from a link, from the sign-in of the existing client, or pasted by hand.
//
// The first thing that this module does, and with it the page, is to remove a link's token from the address.

import { withStorage } from './dom.js';

const TAB_KEY = 'wts-token';
const SHARED_KEY = document.documentElement.dataset.storageKey;

/** The token of the tab where the browser forbids storage. */
let memory = null;
let linked = takeFromAddress();
acceptLinked();
addEventListener('hashchange', () => {
  const token = takeFromAddress();
  if (!token) return;
  linked = token;
  acceptLinked();
  dispatchEvent(new Event('tokenchange'));
});
// Another tab signed in or out.
addEventListener('storage', event => {
  const isShared = SHARED_KEY && (event.key === SHARED_KEY || event.key === null);
  if (isShared && event.storageArea === localStorage) dispatchEvent(new Event('tokenchange'));
});

/** Returns the visitor's token, or null. A token of the tab goes first, unless it is expired and the shared one is not. */
export function currentToken() {
  const tab = withStorage(() => sessionStorage.getItem(TAB_KEY)) ?? memory;
  const shared = SHARED_KEY ? plain(withStorage(() => localStorage.getItem(SHARED_KEY))) : null;
  if (tab && shared && isExpired(tab) && !isExpired(shared) && sid(tab) === sid(shared)) return shared;
  return tab ?? shared;
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

/** Keeps a token for this tab. */
export function setToken(token) {
  memory = plain(token);
  if (memory) withStorage(() => sessionStorage.setItem(TAB_KEY, memory));
}

export function isExpired(token) {
  const { exp } = claims(token);
  return typeof exp === 'number' && exp * 1000 <= Date.now();
}

export function expiryTime(token) {
  const { exp } = claims(token);
  return typeof exp === 'number' ? exp * 1000 : Infinity;
}

export function sid(token) {
  return claims(token).sid ?? '';
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
  if (linked && (!current || sid(current) === sid(linked))) {
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
