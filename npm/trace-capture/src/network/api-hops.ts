import { implementationOf, property } from '../playwright/privates.js';
import { guarded } from '../problems.js';
import type { Session } from '../session.js';
import type { Payload } from '../values.js';
import type { Body } from './exchange.js';
import { bodiless, limited, tls } from './exchange.js';
import type { RawHeaders, RawSecurity } from './types.js';

/** One request as the object behind an `APIRequestContext` sends it; the same object is named by its end. */
interface HopBegin {
  readonly url: URL;
  readonly method: string;
  readonly headers: RawHeaders;
  readonly postData?: Buffer;
}

interface HopEnd {
  readonly requestEvent: HopBegin;
  readonly httpVersion?: string;
  readonly statusCode: number;
  readonly statusMessage: string;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
  readonly headers: { readonly location?: string };
  readonly body?: Buffer;
  readonly timings?: Readonly<Record<string, number>>;
  readonly serverIPAddress?: string;
  readonly serverPort?: number;
  readonly securityDetails?: Partial<RawSecurity>;
}

/** A request of the test's own client. */
export interface ApiAsked {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: Buffer | undefined;
}

/** What it was answered. */
export interface ApiAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: Buffer | undefined;
}

const numbers = new WeakMap<Session, number>();

/** A number for the next API request of a trace. */
export function nextApiId(session: Session): string {
  const number = (numbers.get(session) ?? 0) + 1;
  numbers.set(session, number);
  return `api${number}`;
}

/** One request on its way, in the record of the session that it began in. */
export class ApiHop {
  readonly asked: ApiAsked;
  /** The URL of the test's own call, which may have been led on. */
  readonly root: string;
  readonly #session: Session;
  readonly #id: string;
  readonly #startTs: number;
  readonly #stepId: string | undefined;

  /** Writes the request; `from` is the hop that led on to it. */
  constructor(session: Session, asked: ApiAsked, from?: ApiHop) {
    session.seen.add('network');
    this.asked = asked;
    this.root = from?.root ?? asked.url;
    this.#session = session;
    this.#id = nextApiId(session);
    this.#startTs = session.recorder.now();
    this.#stepId = from ? from.#stepId : session.steps.current?.id;
    const headers = lowerCased(asked.headers);
    this.#write('network.request', this.#startTs, { headers, ...(from === undefined ? {} : { redirected_from: from.#id }) }, bodyOf(session, asked.body), headers);
  }

  /** Writes its answer, with `more` of what is known of the way. */
  answered({ status, statusText, headers: told, body: data }: ApiAnswer, more: Payload = {}): void {
    const endTs = this.#session.recorder.now();
    const headers = lowerCased(told);
    const body = bodiless(this.asked.method, status) ? undefined : bodyOf(this.#session, data);
    const payload: Payload = {
      status, status_text: statusText, headers, ...more, duration_ms: Math.max(0, endTs - this.#startTs),
      ...(body && 'missing' in body ? { body_missing: body.missing } : {}),
    };
    this.#write('network.response', endTs, payload, body, headers);
  }

  /** Writes that it came to nothing. */
  failed(error: string): void {
    this.#write('network.failed', this.#session.recorder.now(), { error }, undefined, []);
  }

  #write(kind: string, ts: number, more: Payload, body: Body | undefined, headers: readonly (readonly [string, string])[]): void {
    const { method, url } = this.asked;
    const payload: Payload = { request_id: this.#id, method, url, resource_type: 'fetch', source: 'api_request', ...more };
    const place = { stepId: this.#stepId, ts };
    if (!body || 'missing' in body) return this.#session.append(kind, payload, place);
    const mediaType = headers.find(([name]) => name === 'content-type')?.[1] ?? 'application/octet-stream';
    this.#session.appendContent(kind, payload, [{ field: 'body', data: body.data, mediaType, ...(body.truncated ? { truncated: body.truncated } : {}) }], place);
  }
}

/** The requests of one `APIRequestContext` hop by hop, with the bytes that were really sent. */
export class ApiHops {
  readonly #current: () => Session | undefined;
  readonly #open = new Map<HopBegin, ApiHop>();
  /** Hops that lead on, by where to. */
  readonly #leading = new Map<string, ApiHop>();

  private constructor(current: () => Session | undefined) {
    this.#current = current;
  }

  /** Listens to the object behind a context; `undefined` where that is in another process. */
  static follow(context: unknown, current: () => Session | undefined): ApiHops | undefined {
    const inner = guarded('a request context', () => implementationOf(context));
    const on = property(inner, 'on');
    if (typeof on !== 'function' || typeof property(inner, '_sendRequest') !== 'function') return undefined;
    const hops = new ApiHops(current);
    Reflect.apply(on, inner, ['request', (event: HopBegin) => guarded('an API request', () => hops.#begin(event))]);
    Reflect.apply(on, inner, ['requestfinished', (event: HopEnd) => guarded('an API request', () => hops.#end(event))]);
    return hops;
  }

  /** A call of the test failed: the hop of it that was under way is written as failed. */
  failed(url: string, error: string): void {
    const found = [...this.#open].find(([, { root }]) => root === url);
    if (!found) return;
    const [event, hop] = found;
    this.#open.delete(event);
    hop.failed(error);
  }

  #begin(event: HopBegin): void {
    const session = this.#current();
    if (!session?.settings.network) return;
    const url = String(event.url);
    const from = this.#leading.get(url);
    this.#leading.delete(url);
    const headers = Object.entries(event.headers).map(([name, value]) => [name, String(value)] as const);
    this.#open.set(event, new ApiHop(session, { method: event.method, url, headers, body: event.postData }, from));
  }

  #end(event: HopEnd): void {
    const hop = this.#open.get(event.requestEvent);
    if (!hop) return;
    this.#open.delete(event.requestEvent);
    const next = leadsTo(event, hop.asked.url);
    if (next !== undefined) this.#leading.set(next, hop);
    const security = tls(event.securityDetails);
    const timing = Object.fromEntries(Object.entries(event.timings ?? {}).filter(([name, ms]) => name !== 'blocked' && ms >= 0));
    hop.answered({ status: event.statusCode, statusText: event.statusMessage, headers: pairs(event.rawHeaders), body: event.body }, {
      ...(event.serverIPAddress === undefined ? {} : { remote: `${event.serverIPAddress}:${event.serverPort ?? 0}` }),
      ...(event.httpVersion === undefined ? {} : { protocol: `http/${event.httpVersion}` }),
      ...(security ? { tls: security } : {}), timing,
    });
  }
}

/** Where an answer sends the call, or the same place when the server asks who is there. */
function leadsTo({ statusCode, headers, body }: HopEnd, url: string): string | undefined {
  if (body !== undefined) return undefined;
  if (statusCode === 401) return url;
  return headers.location !== undefined && URL.canParse(headers.location, url) ? new URL(headers.location, url).href : undefined;
}

function pairs(raw: readonly string[]): (readonly [string, string])[] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));
}

function lowerCased(headers: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  return headers.map(([name, value]) => [name.toLowerCase(), value] as const);
}

function bodyOf(session: Session, data: Buffer | undefined): Body | undefined {
  if (!data || data.length === 0) return undefined;
  return session.noBodies === undefined ? limited(data, session.settings.max_body_bytes) : { missing: session.noBodies };
}
