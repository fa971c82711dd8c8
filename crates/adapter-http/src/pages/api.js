// Requests to the API, and updates by event stream or long polling.

import { EventStreamParser } from './event-stream.js';
import { isExpired } from './token.js';

const API = new URL(`${document.documentElement.dataset.root}/api/v3/`, document.baseURI);
const LONG_POLL_SECONDS = 45;
const POLL_INTERVAL_MS = 15_000;
/** The server sends a comment line every 15 s. After this time without a byte, the stream counts as broken. */
const STREAM_TIMEOUT_MS = 40_000;
const MAX_DELAY_MS = 30_000;
/** The least time between two streams or polls. Some proxies end each of them at once. */
const MIN_INTERVAL_MS = 1_000;
/** A longer timer would end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A request that failed. `kind` selects the text that the visitor sees. */
export class Failure extends Error {
  constructor(kind, { requestId = '', retryAfter = null, detail = '' } = {}) {
    super(kind);
    Object.assign(this, { kind, requestId, retryAfter, detail });
  }

  /** Whether the same request can succeed later without the visitor doing anything. */
  get isTransient() {
    return ['unreachable', 'too-many', 'busy', 'fault'].includes(this.kind);
  }
}

/** Returns what failed: any other error than a `Failure` comes from a broken connection. */
export function failureFrom(error) {
  return error instanceof Failure ? error : new Failure('unreachable');
}

export function apiUrl(path, query) {
  const url = new URL(path, API);
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  return url;
}

/** Sends a GET request. Returns the response if it is 200 or 304, and throws a `Failure` otherwise. */
export async function get(url, token, { headers = {}, signal } = {}) {
  let response;
  try {
    response = await fetch(url, { headers: { ...headers, Authorization: `Bearer ${token}` }, signal, cache: 'no-store' });
  } catch (error) {
    if (signal?.aborted) throw error;
    // A character that no header may contain.
    if (error instanceof TypeError && !/^[\x21-\x7e]*$/.test(token)) throw new Failure('refused');
    throw new Failure('unreachable');
  }
  if (response.ok || response.status === 304) return response;
  throw await failureOf(response, token);
}

async function failureOf(response, token) {
  const body = await response.json().catch(() => ({}));
  const seconds = Number.parseInt(response.headers.get('Retry-After'), 10);
  const details = {
    requestId: response.headers.get('X-Request-Id') ?? '',
    retryAfter: Number.isNaN(seconds) ? null : seconds,
    detail: `${response.status} ${body.msg ?? ''}`.trim(),
  };
  return new Failure(kindOf(response.status, body, token), details);
}

function kindOf(status, body, token) {
  switch (status) {
    case 400:
      if (body.errType === 5) return 'not-found';
      return body.msg === 'missing required URL parameter: tid' ? 'staff-only' : 'bad-request';
    case 401: return isExpired(token) ? 'expired' : 'refused';
    case 403: return body.msg === 'only active users can access this API' ? 'unregistered' : 'not-yours';
    case 429: return 'too-many';
    case 503: return 'busy';
    default: return status >= 500 ? 'fault' : 'unexpected';
  }
}

/** Parses JSON. Integers above 2^53 become strings, since a number would round them. */
export function parse(text) {
  return JSON.parse(text, (_, value, context) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && context?.source ? context.source : value);
}

/**
 * Follows a resource until `signal` aborts: reads it, then waits for news, and starts again after transient failures.
 *
 * `source` describes the resource: `url()`; `position`, an entity tag or a cursor; `hasTag`, which of the two; `read(response)`,
 * which takes a body in and returns whether there is more to read at once; `receive(event)`, which takes an event in.
 * `report(failure, delayMs)` is called with each failure, and with null once the resource is up to date.
 */
export async function follow(source, { token, signal, report }) {
  let failures = 0;
  let canStream = true;
  let wait = 0;
  while (!signal.aborted) {
    try {
      const startedAt = Date.now();
      const response = await get(source.url(), token, { signal, headers: conditions(source, wait) });
      const hasMore = response.status !== 304 && await source.read(response);
      failures = 0;
      report(null);
      if (hasMore) continue;
      if (canStream) canStream = await stream(source, token, signal, report);
      // A server without long polling responds at once.
      const interval = wait && !response.headers.has('Preference-Applied') ? POLL_INTERVAL_MS : MIN_INTERVAL_MS;
      wait = canStream ? 0 : LONG_POLL_SECONDS;
      await sleep(interval - (Date.now() - startedAt), signal);
    } catch (error) {
      if (signal.aborted) return;
      const failure = failureFrom(error);
      if (!failure.isTransient) return report(failure);
      const delay = (failure.retryAfter ?? 0) * 1000 + Math.min(MAX_DELAY_MS, 1000 * 2 ** failures) * (0.5 + Math.random() / 2);
      failures += 1;
      report(failure, delay);
      await sleep(delay, signal, failure.kind === 'unreachable');
    }
  }
}

function conditions(source, wait) {
  const headers = {};
  if (source.hasTag && source.position) headers['If-None-Match'] = source.position;
  if (wait) headers.Prefer = `wait=${wait}`;
  return headers;
}

/** Reads an event stream until it ends. Returns whether to try a stream again; `false` asks for long polling. */
async function stream(source, token, signal, report) {
  const connection = new AbortController();
  const abort = () => connection.abort();
  signal.addEventListener('abort', abort);
  let timer;
  const restartTimer = () => {
    clearTimeout(timer);
    timer = setTimeout(abort, STREAM_TIMEOUT_MS);
  };
  let hasReceived = false;
  try {
    restartTimer();
    const headers = { Accept: 'text/event-stream', ...source.position && { 'Last-Event-ID': source.position } };
    const response = await get(source.url(), token, { signal: connection.signal, headers });
    if (!response.headers.get('Content-Type')?.startsWith('text/event-stream')) return false;
    for await (const event of events(response.body, () => { hasReceived = true; restartTimer(); })) {
      if (event.type === 'end') {
        if (event.data.reason === 'replaced') throw new Failure('replaced');
        return true;
      }
      source.position = event.id || source.position;
      source.receive(event);
      report(null);
    }
    return true;
  } catch (error) {
    if (signal.aborted || error instanceof Failure && error.kind !== 'unexpected' && error.kind !== 'bad-request') throw error;
    // If a broken stream never sent a byte, a proxy buffers it.
    return hasReceived;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    connection.abort();
  }
}

/** Yields the events of a body, with their data parsed. */
async function* events(body, onBytes) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new EventStreamParser();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    onBytes();
    for (const event of parser.push(value)) yield { ...event, data: parse(event.data) };
  }
}

/** Waits; ends early when `signal` aborts, or, with `untilOnline`, when the browser is online again. */
function sleep(ms, signal, untilOnline = false) {
  return new Promise(resolve => {
    const finish = () => {
      clearTimeout(timer);
      removeEventListener('online', finish);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, Math.min(ms, MAX_TIMER_MS));
    if (untilOnline) addEventListener('online', finish);
    signal.addEventListener('abort', finish);
  });
}
