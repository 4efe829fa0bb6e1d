import type { Session } from '../session.js';
import type { Body, Exchange } from './exchange.js';
import { limited } from './exchange.js';
import type { ExtraInfo, RawHeaders } from './types.js';
import { writeFailed, writeResponse } from './write.js';

/** Shared by all browsers of a test, so that a request id is one in its trace. */
const numbers = new WeakMap<Session, number>();

/** All exchanges of one browser. A request seen through two sessions (a frame's and its page's) is one exchange. */
export class RequestBook {
  readonly #open = new Map<string, Exchange>();
  readonly #sent = new Map<string, RawHeaders>();
  readonly #received = new Map<string, ExtraInfo>();

  get(key: string): Exchange | undefined {
    return this.#open.get(key);
  }

  set(exchange: Exchange): void {
    this.#open.set(exchange.key, exchange);
  }

  delete(key: string): void {
    this.#open.delete(key);
  }

  nextId(session: Session): string {
    const number = (numbers.get(session) ?? 0) + 1;
    numbers.set(session, number);
    return `r${number}`;
  }

  /** Headers really sent may be told before the request they belong to. */
  keepSent(key: string, headers: RawHeaders): void {
    this.#sent.set(key, headers);
  }

  takeSent(key: string): RawHeaders | undefined {
    const headers = this.#sent.get(key);
    this.#sent.delete(key);
    return headers;
  }

  keepReceived(info: ExtraInfo): void {
    this.#received.set(info.requestId, info);
  }

  takeReceived(key: string): ExtraInfo | undefined {
    const info = this.#received.get(key);
    this.#received.delete(key);
    return info;
  }

  /** The test is over: what is still open is written as far as it came, and the record says so. */
  settle(session: Session): void {
    const left = [...this.#open.values()].filter(({ ended }) => !ended);
    this.#open.clear();
    for (const exchange of left) {
      const end = Date.now();
      if (!exchange.response) writeFailed(session, exchange, 'still under way when the test ended', end);
      else if (exchange.streaming) writeResponse(session, exchange, streamed(exchange, session), end, { open: true });
      else writeResponse(session, exchange, { missing: unfinished(exchange) }, exchange.responseMs);
    }
  }
}

/**
 * What came of a stream. Chromium keeps the bytes that arrived before it was asked to stream from us when it also keeps
 * bodies beyond a navigation; the messages it parsed out of them say the same, and where there are none the gap is told.
 */
export function streamed(exchange: Exchange, session: Session): Body {
  const bytes = Buffer.concat(exchange.chunks);
  if (bytes.length < exchange.received && exchange.messages.length > 0) return limited(Buffer.from(exchange.messages.join('')), session.settings.max_body_bytes);
  const body = limited(bytes, session.settings.max_body_bytes);
  return 'data' in body && bytes.length < exchange.received ? { data: body.data, truncated: exchange.received - body.data.length } : body;
}

/** A page that looks only at the status leaves the body of an answer where it is, and Chromium never calls it finished. */
function unfinished({ received }: Exchange): string {
  return received === 0 ? 'the page had not read it when the test ended' : 'still loading when the test ended';
}
