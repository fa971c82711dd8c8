// A parser for event streams (HTML standard, section 9.2.6). The pages of the service use this module too.

/** Parses the text of an event stream, which arrives in pieces of any size. */
export class EventStreamParser {
  /** The last id of the complete events. */
  lastEventId;
  /** The reconnection time in milliseconds that the stream sets with `retry`, or null. */
  retry = null;
  #line = '';
  #endsWithCr = false;
  #id;
  #type = '';
  #data = [];

  /** `lastEventId` is the id of the last event before this stream. */
  constructor(lastEventId = '') {
    this.lastEventId = lastEventId;
    this.#id = lastEventId;
  }

  /** Returns the events that this piece of text completes, as `{ type, data, id }`. `id` is the last one that the server set. */
  push(text) {
    if (text === '') return [];
    const lines = (this.#endsWithCr && text[0] === '\n' ? text.slice(1) : text).split(/\r\n|\r|\n/);
    this.#endsWithCr = text.endsWith('\r');
    lines[0] = this.#line + lines[0];
    this.#line = lines.pop();
    return lines.flatMap(line => line === '' ? this.#finishEvent() : this.#addField(line));
  }

  #addField(line) {
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#type = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    else if (field === 'retry' && /^\d+$/.test(value)) this.retry = Number(value);
    return [];
  }

  #finishEvent() {
    this.lastEventId = this.#id;
    const event = { type: this.#type || 'message', data: this.#data.join('\n'), id: this.#id };
    const hasData = this.#data.length > 0;
    this.#type = '';
    this.#data = [];
    return hasData ? [event] : [];
  }
}
