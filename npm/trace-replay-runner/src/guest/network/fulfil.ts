import type { Answer, Hit } from '../source.js';

/** A header as the browser's protocol has it. */
export interface HeaderEntry {
  readonly name: string;
  readonly value: string;
}

/** What `Fetch.fulfillRequest` takes beside the request. */
export interface Fulfilment {
  readonly responseCode: number;
  readonly responsePhrase?: string;
  readonly responseHeaders: readonly HeaderEntry[];
  readonly body: string;
}

type Response = Extract<Answer, { kind: 'response' }>;

/** Headers that describe how the body travelled; it is given decoded and whole. */
const OF_THE_WIRE = new Set(['content-encoding', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'content-range']);

/** The recorded answer as the browser is to get it. */
export function fulfilment({ slice }: Pick<Hit, 'slice'>, answer: Response, body: Buffer): Fulfilment {
  const headers = headersOf(answer);
  const phrase = answer.status_text ? { responsePhrase: answer.status_text } : {};
  if (!slice) {
    const range = answer.status === 206 ? answer.headers.filter(([name]) => name.toLowerCase() === 'content-range').map(([name, value]) => ({ name, value })) : [];
    return { responseCode: answer.status, ...phrase, responseHeaders: [...headers, ...range], body: body.toString('base64') };
  }
  const first = slice[0];
  const last = Math.min(slice[1] ?? body.length - 1, body.length - 1);
  if (first > last) return { responseCode: 416, responseHeaders: [{ name: 'content-range', value: `bytes */${body.length}` }], body: '' };
  const range = { name: 'content-range', value: `bytes ${first}-${last}/${body.length}` };
  return { responseCode: 206, responsePhrase: 'Partial Content', responseHeaders: [...headers, range], body: body.subarray(first, last + 1).toString('base64') };
}

/** Headers without those of the wire; cookies that were recorded in one header come apart. */
export function headersOf({ headers }: Pick<Response, 'headers'>): HeaderEntry[] {
  return withoutWire(headers.filter(([name]) => !name.startsWith(':')).flatMap(([name, value]) => value.split('\n').map((one) => ({ name, value: one }))));
}

/** Headers without those that describe how the body travelled. */
export function withoutWire(headers: readonly HeaderEntry[]): HeaderEntry[] {
  return headers.filter(({ name }) => !OF_THE_WIRE.has(name.toLowerCase()));
}

/** The answer to a CORS preflight that was not recorded: leave for what it asks, since the request itself is looked up next. */
export function preflight(headers: Readonly<Record<string, string>>): Fulfilment {
  const asked = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const allow = (name: string, value: string | undefined): HeaderEntry[] => (value ? [{ name: `access-control-allow-${name}`, value }] : []);
  return {
    responseCode: 204,
    responseHeaders: [
      ...allow('origin', asked.get('origin') ?? '*'),
      ...allow('methods', asked.get('access-control-request-method')),
      ...allow('headers', asked.get('access-control-request-headers')),
      ...allow('credentials', asked.has('origin') ? 'true' : undefined),
      ...allow('private-network', asked.get('access-control-request-private-network')),
      { name: 'access-control-max-age', value: '0' },
    ],
    body: '',
  };
}

/** Whether a request only asks for leave. */
export function isPreflight(method: string, headers: Readonly<Record<string, string>>): boolean {
  return method === 'OPTIONS' && Object.keys(headers).some((name) => name.toLowerCase() === 'access-control-request-method');
}
