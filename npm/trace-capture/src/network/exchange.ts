import type { Json, Payload } from '../values.js';
import type { RawHeaders, RawResponse, RawTiming } from './types.js';

/** A body as it was got, or why there is none. */
export type Body = { readonly data: Buffer; readonly truncated?: number } | { readonly missing: string };

/** One request and its answer, while they are under way. */
export interface Exchange {
  readonly id: string;
  readonly key: string;
  readonly hop: number;
  readonly method: string;
  readonly url: string;
  readonly resourceType: string;
  readonly stepId: string | undefined;
  readonly page: string | undefined;
  readonly worker: string | undefined;
  /** Epoch milliseconds. */
  readonly startMs: number;
  readonly redirectedFrom: string | undefined;
  requestHeaders: RawHeaders;
  requestBody: Body | undefined;
  readonly hasBody: boolean;
  /** Whether `requestHeaders` are those that went over the wire. */
  sentHeaders: boolean;
  requestWritten: boolean;
  response: RawResponse | undefined;
  responseHeaders: RawHeaders | undefined;
  responseStatus: number | undefined;
  /** Epoch milliseconds at which the headers of the answer came. */
  responseMs: number;
  received: number;
  fromCache: boolean;
  readonly chunks: Buffer[];
  /** Messages of an event stream, in the text of that format. */
  readonly messages: string[];
  streaming: boolean;
  ended: boolean;
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

/** Lower-case resource types as Playwright names them. */
export function resourceType(type: string | undefined): string {
  const name = (type ?? 'other').toLowerCase();
  return name === 'preflight' ? 'other' : name;
}

/** The media type of a header set, for a body that has to be stored. */
export function mediaTypeOf(headers: RawHeaders, otherwise: string): string {
  const found = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type');
  return found?.[1] ?? otherwise;
}

/**
 * A body with what it lacks of the length its request declared. The browser hands out an upload without the bytes of
 * files that the page read straight from the disk.
 */
export function declared(body: Body | undefined, headers: RawHeaders): Body | undefined {
  const length = Number(Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-length')?.[1]);
  if (!body || 'missing' in body || !(length > body.data.length)) return body;
  return { data: body.data, truncated: length - body.data.length };
}

/** Cuts a body to the limit, saying how much is gone. */
export function limited(data: Buffer, limit: number): Body {
  return data.length <= limit ? { data } : { data: data.subarray(0, limit), truncated: data.length - limit };
}
