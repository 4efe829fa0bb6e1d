import type { Session } from '../session.js';
import { reasonOf } from '../problems.js';
import type { Cdp } from './cdp-session.js';
import type { Body, Exchange } from './exchange.js';
import { BodyStream, header, limited } from './exchange.js';

const BODY_MS = 10_000;
/** A larger body arrives in pieces as the page reads it: asked for at once it would be one string of 4/3 its size. */
const STREAM_BYTES = 4 * 1024 * 1024;
/** An answer that takes longer may never end, and is then lost with its page unless its bytes were taken on the way. */
const STREAM_AFTER_MS = 1_000;
/** Bodies asked for at the same time; more only fill the pipe that the test's own commands share. */
const IN_FLIGHT = 6;
/** Places that are asked for a body that is kept; the first that is still there is enough. */
const PLACES = 3;
const NOT_HANDED_OVER = 'the browser did not hand it over';
const STREAMS = new Set(['text/event-stream', 'application/x-ndjson', 'application/stream+json', 'application/jsonl']);

/** The debugging sessions of one target that know bodies. */
export interface Sources {
  /** The one whose events are recorded; bodies lie in the page's own process and go with its document. */
  readonly own: Cdp;
  /** The one that keeps bodies beyond a navigation, but only those that came over the network. */
  readonly durable: Cdp | undefined;
  /** The same of all pages, this target first if it is one: they share what is kept, and stay when it is gone. */
  readonly kept: () => readonly Cdp[];
}

/** Lets a few run at a time, in order. */
export class Turnstile {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= IN_FLIGHT) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}

/** Whether an answer is better collected while it arrives, told by its headers. */
export function streamsFrom({ response }: Exchange): 'timed' | 'large' | undefined {
  if (!response) return undefined;
  if (STREAMS.has(response.mimeType)) return 'timed';
  return Number(header(response.headers, 'content-length')) > STREAM_BYTES ? 'large' : undefined;
}

/** The same, told by what has arrived so far. */
export function streamsNow({ received, responseMs }: Exchange, nowMs: number): 'timed' | 'large' | undefined {
  if (received > STREAM_BYTES) return 'large';
  return responseMs > 0 && nowMs - responseMs > STREAM_AFTER_MS ? 'timed' : undefined;
}

/** Begins to collect a body while it arrives. Resolves when the bytes that had arrived before are known. */
export async function startStream(session: Session, exchange: Exchange, own: Cdp, how: 'timed' | 'large'): Promise<void> {
  const stream = new BodyStream(session.settings.max_body_bytes, how === 'timed');
  exchange.stream = stream;
  try {
    const { bufferedData } = (await own.send('Network.streamResourceContent', { requestId: exchange.begun.key })) as { bufferedData?: string };
    if (bufferedData) stream.addBuffered(Buffer.from(bufferedData, 'base64'), session.recorder.tsOf(exchange.responseMs));
  } catch {
    // It had ended meanwhile, so it can be asked for as a whole.
    if (exchange.stream.length === 0) exchange.stream = undefined;
  }
}

/** Asks for a finished body where it is most likely to be, then at the other place. */
export async function askBody(exchange: Exchange, { own, durable, kept }: Sources, limit: number): Promise<Body> {
  const places = durable ? (madeHere(exchange) ? [own, durable] : [durable, own]) : [own];
  const expected = Math.max(exchange.received, arrivedEncoded(exchange) > 0 ? 1 : 0);
  let best: Body = { missing: NOT_HANDED_OVER };
  for (const cdp of places) {
    const found = await ask(cdp, exchange.begun.key, limit);
    if ('data' in found && sizeOf(found) >= expected) return found;
    if (!('data' in best) || ('data' in found && sizeOf(found) > sizeOf(best))) best = found;
  }
  if (!('data' in best)) {
    const found = await askKept(exchange, kept().filter((cdp) => cdp !== durable), limit);
    if (found) return found;
  }
  return expected > 0 && sizeOf(best) === 0 ? { missing: 'the browser did not keep it' } : best;
}

/**
 * Asks for a body where the browser keeps those that came over the network, whole or not at all. All sessions of a connection
 * share that place: a window that closes itself as soon as it has read an answer is gone, with its sessions, before a
 * question reaches it, but a page that stays can answer.
 */
export async function askKept(exchange: Exchange, places: readonly Cdp[], limit: number): Promise<Body | undefined> {
  for (const cdp of places.slice(0, PLACES)) {
    const found = await ask(cdp, exchange.begun.key, limit);
    if ('data' in found && sizeOf(found) >= exchange.received) return found;
  }
  return undefined;
}

/** What did not come over the network is known to the page's process only. */
function madeHere({ response, routed, fromMemory }: Exchange): boolean {
  return fromMemory || routed === 'fulfilled' || response?.fromServiceWorker === true || response?.protocol === 'blob' || !response?.remoteIPAddress;
}

/** Bytes of the body as they came over the wire, where that is known. */
function arrivedEncoded({ response, transferBytes }: Exchange): number {
  return response?.remoteIPAddress ? (transferBytes ?? 0) - (response.encodedDataLength ?? Infinity) : 0;
}

async function ask(cdp: Cdp, requestId: string, limit: number): Promise<Body> {
  try {
    const asked = cdp.send('Network.getResponseBody', { requestId });
    const answer = (await Promise.race([asked, failAfter(BODY_MS)])) as { body: string; base64Encoded: boolean };
    return limited(Buffer.from(answer.body, answer.base64Encoded ? 'base64' : 'utf8'), limit);
  } catch (cause) {
    // A page that closes as soon as it has its answer takes it along without a word.
    return { missing: reasonOf(cause) || NOT_HANDED_OVER };
  }
}

function sizeOf(body: Body): number {
  return 'data' in body ? body.data.length + (body.truncated ?? 0) : -1;
}

async function failAfter(bound_ms: number): Promise<never> {
  return await new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`the browser did not hand it over within ${bound_ms} ms`)), bound_ms).unref();
  });
}
