import type { Json, Payload } from '../values.js';
import type { ExtraInfo, RawHeaders, RawResponse, RawSecurity, RawTiming } from './types.js';

/** A body as it was got, or why there is none. */
export type Body = { readonly data: Buffer; readonly truncated?: number } | { readonly missing: string };

/** Page, frame and worker that an exchange belongs to, as far as they are known by now. */
export type Where = () => Payload;

/** What `page.route` did with a request. */
export type Routed = 'fulfilled' | 'continued' | 'aborted';

/** What is known of a request when it begins. */
export interface Begun {
  readonly id: string;
  /** The browser's name of the request, shared by all hops of a redirect. */
  readonly key: string;
  readonly method: string;
  readonly url: string;
  readonly resourceType: string;
  readonly stepId: string | undefined;
  readonly where: Where;
  /** Epoch milliseconds. */
  readonly startMs: number;
  readonly redirectedFrom: string | undefined;
  /** Id of the request that a CORS preflight asks for, which may be told after it. */
  readonly preflightFor: (() => string | undefined) | undefined;
  readonly hasBody: boolean;
  readonly requestHeaders: RawHeaders;
}

/** One request and its answer, while they are under way. A redirect is a chain of them, one for each hop. */
export class Exchange {
  readonly begun: Begun;
  requestHeaders: RawHeaders;
  /** Whether `requestHeaders` are those that went over the wire. */
  sent = false;
  /** Whether the browser tells the raw headers of this hop; unknown until it answers. */
  hasExtra: boolean | undefined;
  extra: ExtraInfo | undefined;
  requestBody: Body | undefined;
  /** The body being asked for. */
  asking: Promise<void> | undefined;
  requestWritten = false;
  response: RawResponse | undefined;
  /** The target that told the answer. */
  answeredBy: unknown;
  /** Epoch milliseconds at which the headers of the answer came. */
  responseMs = 0;
  /** Bytes of the body as the page gets them. */
  received = 0;
  transferBytes: number | undefined;
  fromMemory = false;
  routed: Routed | undefined;
  stream: BodyStream | undefined;
  /** The beginning of that stream, which may still be under way. */
  streaming: Promise<void> | undefined;
  /** The browser has told the end. */
  finished = false;
  /** Why there is no answer, in the browser's words. */
  error: string | undefined;
  /** The end stands in the record. */
  ended = false;

  constructor(begun: Begun) {
    this.begun = begun;
    this.requestHeaders = begun.requestHeaders;
  }

  get status(): number {
    return this.extra?.statusCode ?? this.response?.status ?? 0;
  }

  /** Bytes of the answer came, and neither its end nor a reason to think that it has none. */
  get isArriving(): boolean {
    return this.received > 0 && !this.finished && !this.stream;
  }

  /** Whether it is known whose request this is: a preflight may be told before the one that it asks for. */
  get isPlaced(): boolean {
    return !this.begun.preflightFor || this.begun.preflightFor() !== undefined;
  }

  /** Whether everything is known that its request's line says. */
  get isWritable(): boolean {
    const hasHeaders = this.sent || this.hasExtra === false;
    return hasHeaders && this.isPlaced && (!this.begun.hasBody || this.requestBody !== undefined);
  }

  get responseHeaders(): RawHeaders {
    return this.extra?.headers ?? this.response?.headers ?? {};
  }
}

const MAX_CHUNKS = 10_000;

/** A body that is collected while it arrives: one too large to be asked for at once, or one that may never end. */
export class BodyStream {
  readonly #limit: number;
  readonly #parts: Buffer[] = [];
  readonly #chunks: (readonly [number, number])[] = [];
  #kept = 0;
  #length = 0;
  /** Whether this is an event stream, whose arrival times mean something. */
  readonly timed: boolean;

  constructor(limit: number, timed: boolean) {
    this.#limit = limit;
    this.timed = timed;
  }

  /** Adds what arrived at `ts` on the trace's axis. What is beyond the limit is counted and let go. */
  add(data: Buffer, ts: number): void {
    this.#note(data, ts, 'push');
  }

  /** Adds the bytes that had arrived before the stream began, which may be told after the first that followed. */
  addBuffered(data: Buffer, ts: number): void {
    if (data.length > 0) this.#note(data, ts, 'unshift');
  }

  get length(): number {
    return this.#length;
  }

  /** Times and sizes of the pieces, `[ts, bytes]` each, in the order of the body. */
  get chunks(): readonly (readonly [number, number])[] {
    return this.#chunks;
  }

  /** What was collected of `received` bytes. */
  body(received: number): Body {
    const data = Buffer.concat(this.#parts);
    const all = Math.max(received, this.#length);
    const kept = data.length > this.#limit ? data.subarray(0, this.#limit) : data;
    return all > kept.length ? { data: kept, truncated: all - kept.length } : { data: kept };
  }

  #note(data: Buffer, ts: number, place: 'push' | 'unshift'): void {
    this.#length += data.length;
    if (this.timed && this.#chunks.length < MAX_CHUNKS) this.#chunks[place]([Math.round(ts * 1000) / 1000, data.length]);
    if (place === 'push' && this.#kept >= this.#limit) return;
    this.#kept += data.length;
    this.#parts[place](data);
  }
}

/** Headers as `[name, value]` pairs. Chromium joins repeats with a newline, which no header can contain. */
export function headerPairs(headers: RawHeaders): Json {
  return Object.entries(headers).flatMap(([name, value]) => value.split('\n').map((part) => [name.toLowerCase(), part]));
}

/** The phases of a request that took place, in milliseconds. */
export function timings(timing: RawTiming | undefined): Payload | undefined {
  if (!timing) return undefined;
  const spans: readonly (readonly [string, string, string])[] = [
    ['dns', 'dnsStart', 'dnsEnd'],
    ['connect', 'connectStart', 'connectEnd'],
    ['ssl', 'sslStart', 'sslEnd'],
    ['send', 'sendStart', 'sendEnd'],
    ['wait', 'sendEnd', 'receiveHeadersEnd'],
  ];
  const found = spans.flatMap(([name, from, to]) => {
    const [start, end] = [timing[from], timing[to]];
    return start === undefined || end === undefined || start < 0 || end < start ? [] : [[name, Math.round((end - start) * 1000) / 1000] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** What protects the connection, in the trace's words. */
export function tls(security: Partial<RawSecurity> | undefined | null): Payload | undefined {
  if (!security?.protocol) return undefined;
  const { protocol, cipher, subjectName, issuer } = security;
  return { protocol, ...(cipher ? { cipher } : {}), ...(subjectName ? { subject: subjectName } : {}), ...(issuer ? { issuer } : {}) };
}

/** A header's value; names are compared without case. */
export function header(headers: RawHeaders, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** The media type of a header set, for a body that has to be stored. */
export function mediaTypeOf(headers: RawHeaders, otherwise: string): string {
  return header(headers, 'content-type') ?? otherwise;
}

/** A body with what it lacks of the length its request declared. */
export function declared(body: Body | undefined, headers: RawHeaders): Body | undefined {
  const length = Number(header(headers, 'content-length'));
  if (!body || 'missing' in body || !(length > body.data.length)) return body;
  return { data: body.data, truncated: length - body.data.length };
}

/** Cuts a body to the limit, saying how much is gone. */
export function limited(data: Buffer, limit: number): Body {
  return data.length <= limit ? { data } : { data: data.subarray(0, limit), truncated: data.length - limit };
}

/** Whether an answer has no body by its nature. */
export function bodiless(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 205 || (status >= 300 && status < 400 && status !== 304);
}
