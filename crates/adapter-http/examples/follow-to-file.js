// Follows an event stream in Node 18 or later, and appends its events to a file, one JSON object per line:
//
//   node follow-to-file.js URL TOKEN_FILE OUTPUT_FILE [READ_TIMEOUT_SECONDS]
//
// Each line has an event and its id, so that both are stored together or not at all. When the program starts again, it resumes
// after the last complete line. Another program replaces the token in TOKEN_FILE before or after it expires.

import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { follow } from './follow.js';

const [url, tokenFile, outputFile, readTimeout = '45'] = process.argv.slice(2);

/** Removes an incomplete line at the end of the file. Returns the id of the last event in the file. */
function lastStoredId() {
  if (!existsSync(outputFile)) return '';
  const bytes = readFileSync(outputFile);
  const end = bytes.lastIndexOf('\n') + 1;
  truncateSync(outputFile, end);
  const lines = bytes.subarray(0, end).toString().trimEnd();
  return lines && JSON.parse(lines.slice(lines.lastIndexOf('\n') + 1)).id;
}

async function getToken({ refused }) {
  for (;;) {
    const token = readFileSync(tokenFile, 'utf8').trim();
    if (token !== refused) return token;
    await sleep(1_000);
  }
}

try {
  if (!outputFile) throw new Error('expected URL TOKEN_FILE OUTPUT_FILE [READ_TIMEOUT_SECONDS]');
  const events = follow(url, {
    getToken,
    lastEventId: lastStoredId(),
    onRetry: (error, delay) => console.error(`${error.message}; next request in ${Math.round(delay)} ms`),
    readTimeout: Number(readTimeout) * 1000,
  });
  for await (const { type, data, id } of events) {
    appendFileSync(outputFile, `${JSON.stringify({ id, type, data })}\n`);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
