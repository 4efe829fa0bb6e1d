import { implementationOf, property } from '../playwright/privates.js';
import { guarded } from '../problems.js';
import type { Session } from '../session.js';
import type { Json, Payload } from '../values.js';
import type { Body } from './exchange.js';
import { bodiless, limited, mediaTypeOf, tls } from './exchange.js';
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

interface Hop {
  readonly session: Session;
  readonly id: string;
  readonly method: string;
  readonly url: string;
  /** The URL of the test's own call, which may have been led on. */
  readonly root: string;
  readonly startTs: number;
  readonly stepId: string | undefined;
}

const numbers = new WeakMap<Session, number>();

/** A number for the next API request of a trace. */
export function nextApiId(session: Session): string {
  const number = (numbers.get(session) ?? 0) + 1;
  numbers.set(session, number);
  return `api${number}`;
}

/** The requests of one `APIRequestContext` hop by hop, with the bytes that were really sent. */
export class ApiHops {
  readonly #current: () => Session | undefined;
  readonly #open = new Map<HopBegin, Hop>();
  /** Hops that lead on, by where to. */
  readonly #leading = new Map<string, Hop>();

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

  /** A call of the test failed; whether a hop of it was under way and is written as failed. */
  failed(url: string, error: string): boolean {
    const hop = [...this.#open].find(([, { root }]) => root === url);
    if (!hop) return false;
    const [event, { session, id, method, url: last, stepId }] = hop;
    this.#open.delete(event);
    session.append('network.failed', { request_id: id, method, url: last, error, resource_type: 'fetch', source: 'api_request' }, { stepId });
    return true;
  }

  #begin(event: HopBegin): void {
    const session = this.#current();
    if (!session?.settings.network) return;
    session.seen.add('network');
    const url = String(event.url);
    const from = this.#leading.get(url);
    this.#leading.delete(url);
    const hop: Hop = {
      session, id: nextApiId(session), method: event.method, url, root: from?.root ?? url,
      startTs: session.recorder.now(), stepId: from?.stepId ?? session.steps.current?.id,
    };
    this.#open.set(event, hop);
    const headers: Json = Object.entries(event.headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
    const payload: Payload = {
      request_id: hop.id, method: hop.method, url, resource_type: 'fetch', source: 'api_request', headers,
      ...(from === undefined ? {} : { redirected_from: from.id }),
    };
    write(hop, 'network.request', payload, bodyOf(session, event.postData), mediaTypeOf(event.headers, 'application/octet-stream'), hop.startTs);
  }

  #end(event: HopEnd): void {
    const hop = this.#open.get(event.requestEvent);
    if (!hop) return;
    this.#open.delete(event.requestEvent);
    const { session, id, method, url, startTs } = hop;
    const endTs = session.recorder.now();
    const next = leadsTo(event, url);
    if (next !== undefined) this.#leading.set(next, hop);
    const headers = pairs(event.rawHeaders);
    const security = tls(event.securityDetails);
    const timing = Object.fromEntries(Object.entries(event.timings ?? {}).filter(([name, ms]) => name !== 'blocked' && ms >= 0));
    const body = bodiless(method, event.statusCode) ? undefined : bodyOf(session, event.body);
    const payload: Payload = {
      request_id: id, method, url, status: event.statusCode, status_text: event.statusMessage, headers, resource_type: 'fetch', source: 'api_request',
      ...(event.serverIPAddress === undefined ? {} : { remote: `${event.serverIPAddress}:${event.serverPort ?? 0}` }),
      ...(event.httpVersion === undefined ? {} : { protocol: `http/${event.httpVersion}` }),
      ...(security ? { tls: security } : {}), timing, duration_ms: Math.max(0, endTs - startTs),
      ...(body && 'missing' in body ? { body_missing: body.missing } : {}),
    };
    const mediaType = headers.find(([name]) => name === 'content-type')?.[1] ?? 'application/octet-stream';
    write(hop, 'network.response', payload, body, mediaType, endTs);
  }
}

/** Where an answer sends the call, or the same place when the server asks who is there. */
function leadsTo({ statusCode, headers, body }: HopEnd, url: string): string | undefined {
  if (body !== undefined) return undefined;
  if (statusCode === 401) return url;
  return headers.location !== undefined && URL.canParse(headers.location, url) ? new URL(headers.location, url).href : undefined;
}

function pairs(raw: readonly string[]): (readonly [string, string])[] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), raw[index + 1] ?? ''] as const] : []));
}

function bodyOf(session: Session, data: Buffer | undefined): Body | undefined {
  if (!data || data.length === 0) return undefined;
  return session.noBodies === undefined ? limited(data, session.settings.max_body_bytes) : { missing: session.noBodies };
}

function write({ session, stepId }: Hop, kind: string, payload: Payload, body: Body | undefined, mediaType: string, ts: number): void {
  const place = { stepId, ts };
  if (!body || 'missing' in body) return session.append(kind, payload, place);
  session.appendContent(kind, payload, [{ field: 'body', data: body.data, mediaType, ...(body.truncated ? { truncated: body.truncated } : {}) }], place);
}
