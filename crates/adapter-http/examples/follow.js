// A client for the event streams of WTS traces, for browsers and for Node 18 or later. It needs only `event-stream.js`.

import { EventStreamParser } from './event-stream.js';

/** The time in milliseconds to the next request, until the server sets another with `retry`. */
const DEFAULT_RETRY = 1_000;
const MAX_BACKOFF = 60_000;
const MAX_RETRY_AFTER = 3_600_000;
/** What to do after each reason for which the server ends a stream. A caller has at most 16 streams, see `replaced`. */
const AFTER_END = {
  expired: 'renew', key_withdrawn: 'renew', stopping: 'retry', replaced: 'stop', forbidden: 'stop', no_such_ticket: 'stop',
};

/** The end of a stream. `action` is `renew` (get another token), `retry` (wait, then resume) or `stop`. */
export class StreamError extends Error {
  constructor(action, message, retryAfter = 0) {
    super(message);
    Object.assign(this, { action, retryAfter });
  }
}

/**
 * Yields the events of a stream as `{ type, data, id }`, and resumes the stream after interruptions.
 *
 * - `getToken({ refused })` returns a token, or a promise of one. If the server refused a token, `refused` is that token.
 * - `lastEventId` is the id of the last event that was stored; `''` starts from the beginning.
 * - `signal` ends the stream, which then throws the reason of the signal. Leaving the loop ends it too.
 * - `onRetry(error, delay)` is called before each wait, with the milliseconds.
 * - `readTimeout` is the time in milliseconds without a byte after which a connection counts as dead. The server sends a
 *   comment line every 15 s.
 *
 * Throws a `StreamError` if repeating the request cannot help, and what `getToken` throws.
 */
export async function* follow(url, { getToken, lastEventId = '', signal, onRetry, readTimeout = 45_000 }) {
  new Request(url); // Throws if the address is not valid.
  let token = await getToken({ refused: null });
  let hasNewToken = false;
  let retry = DEFAULT_RETRY;
  let failures = 0;
  for (;;) {
    signal?.throwIfAborted();
    const connection = new Connection(signal, readTimeout);
    const parser = new EventStreamParser(lastEventId);
    let failure;
    try {
      const body = await connection.open(url, token, lastEventId);
      for await (const text of connection.read(body)) {
        failures = 0;
        hasNewToken = false;
        for (const event of parser.push(text)) {
          if (event.type === 'end') throw endError(event);
          yield event;
        }
      }
      throw new StreamError('retry', 'the connection was closed');
    } catch (error) {
      signal?.throwIfAborted();
      failure = error instanceof StreamError ? error : new StreamError('retry', [error, error.cause].filter(Boolean).join(': '));
    } finally {
      connection.close();
    }
    lastEventId = parser.lastEventId;
    retry = parser.retry ?? retry;
    if (failure.action === 'stop' || failure.action === 'renew' && hasNewToken) throw failure;
    if (failure.action === 'renew') {
      token = await getToken({ refused: token });
      hasNewToken = true;
      continue;
    }
    const backoff = Math.min(MAX_BACKOFF, retry * 2 ** failures);
    const delay = Math.max(backoff, failure.retryAfter) * (1 + Math.random() / 2);
    failures += 1;
    onRetry?.(failure, delay);
    await sleep(delay, signal);
  }
}

/** A request that is aborted by a signal, and if no byte arrives in time. */
class Connection {
  #controller = new AbortController();
  #abort = () => this.#controller.abort();

  constructor(signal, readTimeout) {
    Object.assign(this, { signal, readTimeout });
    signal?.addEventListener('abort', this.#abort);
  }

  /** Sends the request and returns the body of the response, which is an event stream. */
  async open(url, token, lastEventId) {
    // The error of `fetch` would contain the token.
    if (!/^[\x21-\x7e]+$/.test(token)) throw new StreamError('stop', 'the token has characters that a header cannot have');
    const headers = { Accept: 'text/event-stream', Authorization: `Bearer ${token}` };
    if (lastEventId) headers['Last-Event-ID'] = lastEventId;
    const options = { headers, cache: 'no-store', signal: this.#controller.signal };
    const response = await this.#inTime(fetch(url, options));
    if (!response.ok) throw await this.#inTime(responseError(response));
    if (!response.headers.get('Content-Type')?.startsWith('text/event-stream')) {
      throw new StreamError('retry', 'the response is not an event stream');
    }
    return response.body;
  }

  /** Yields the text of a body. */
  async* read(body) {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { value, done } = await this.#inTime(reader.read());
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  }

  close() {
    this.signal?.removeEventListener('abort', this.#abort);
    this.#abort();
  }

  async #inTime(promise) {
    const error = new StreamError('retry', `no byte arrived for ${this.readTimeout} ms`);
    const timer = setTimeout(() => this.#controller.abort(error), this.readTimeout);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }
}

function endError({ data }) {
  const { reason } = JSON.parse(data);
  return new StreamError(AFTER_END[reason] ?? 'retry', `the server ended the stream: ${reason}`);
}

async function responseError(response) {
  const { status, headers } = response;
  const body = await response.json().catch(() => null);
  const canRetry = status === 408 || status === 429 || status >= 500;
  const action = status === 401 ? 'renew' : canRetry ? 'retry' : 'stop';
  return new StreamError(action, `status ${status}: ${body?.msg ?? 'no message'}`, retryAfter(headers.get('Retry-After')));
}

/** Returns the milliseconds of a `Retry-After`, which has seconds or a date; 0 if there is none. */
function retryAfter(value) {
  const milliseconds = /^\d+$/.test(value) ? value * 1000 : Date.parse(value) - Date.now();
  return milliseconds > 0 ? Math.min(milliseconds, MAX_RETRY_AFTER) : 0;
}

function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', abort);
  });
}
