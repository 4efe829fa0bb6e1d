import { quietly } from '../dom/quiet.js';
import { property } from '../playwright/privates.js';
import { guarded, reasonOf } from '../problems.js';
import type { Session } from '../session.js';
import type { Json, Payload } from '../values.js';
import { describe } from '../values.js';
import { atMost } from '../wait.js';
import { ApiHops, nextApiId } from './api-hops.js';
import type { Body } from './exchange.js';
import { limited, mediaTypeOf } from './exchange.js';

const BODY_MS = 5_000;
const watched = new WeakSet<object>();

interface FetchOptions {
  readonly url?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly data?: unknown;
  readonly form?: unknown;
  readonly multipart?: unknown;
  readonly request?: unknown;
}

interface ApiResponse {
  url(): string;
  status(): number;
  statusText(): string;
  headersArray(): { readonly name: string; readonly value: string }[];
  body(): Promise<Buffer>;
}

type Fetch = (options?: FetchOptions) => Promise<ApiResponse>;

/**
 * Follows the calls of one `APIRequestContext`. They never pass through the browser, so no debugging session sees them.
 * All its methods meet in one inner function, which is replaced on this instance only. Where the object that sends them
 * is in this process, it tells each hop; elsewhere the call as the test made it has to do.
 */
export function followApiRequests(context: unknown, current: () => Session | undefined): void {
  const inner = property(context, '_innerFetch');
  if (typeof context !== 'object' || context === null || typeof inner !== 'function' || watched.has(context)) return;
  watched.add(context);
  const hops = ApiHops.follow(context, current);
  const fetch: Fetch = async (options = {}) => {
    const session = current();
    if (hops) return await overseen(inner, context, options, hops, session);
    const call = guarded('an API request', () => (session ? begin(session, options) : undefined));
    try {
      const response = (await Reflect.apply(inner, context, [options])) as ApiResponse;
      if (session && call) guarded('an API request', () => answered(session, call, context, response));
      return response;
    } catch (cause) {
      if (session && call) guarded('an API request', () => failed(session, call, cause));
      throw cause;
    }
  };
  Reflect.set(context, '_innerFetch', fetch);
}

/** The hops are seen where they are sent; only that the call came to nothing has to be told from here. */
async function overseen(inner: Function, context: object, options: FetchOptions, hops: ApiHops, session: Session | undefined): Promise<ApiResponse> {
  try {
    return (await Reflect.apply(inner, context, [options])) as ApiResponse;
  } catch (cause) {
    if (session) guarded('an API request', () => hops.failed(urlOf(session, options), reasonOf(cause)));
    throw cause;
  }
}

interface Call {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly startTs: number;
  readonly stepId: string | undefined;
}

function begin(session: Session, options: FetchOptions): Call {
  session.seen.add('network');
  const method = (options.method ?? asText(Reflect.apply(callable(options.request, 'method'), options.request, [])) ?? 'GET').toUpperCase();
  const url = urlOf(session, options);
  const call: Call = { id: nextApiId(session), method, url, startTs: session.recorder.now(), stepId: session.steps.current?.id };
  const headers: Json = Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  const payload: Payload = { request_id: call.id, method, url, resource_type: 'fetch', source: 'api_request', headers };
  const body = bodyOf(options);
  const place = { stepId: call.stepId, ts: call.startTs };
  if (body === undefined) session.append('network.request', payload, place);
  else session.appendContent('network.request', payload, [{ field: 'body', data: body.data, mediaType: mediaTypeOf(options.headers ?? {}, body.mediaType) }], place);
  return call;
}

function answered(session: Session, call: Call, context: object, response: ApiResponse): void {
  const endTs = session.recorder.now();
  // Asked before the test can dispose of the context, and not waited for: the test has its answer already.
  const body = session.noBodies === undefined ? atMost(BODY_MS, quietly(context, async () => await response.body())) : Promise.resolve(undefined);
  session.pending.add('an answer to the test', body.then((data) => write(session, call, response, data, endTs)));
}

function write(session: Session, call: Call, response: ApiResponse, data: Buffer | undefined, endTs: number): void {
  const headers = response.headersArray().map(({ name, value }) => [name.toLowerCase(), value] as const);
  const body: Body = data ? limited(data, session.settings.max_body_bytes) : { missing: session.noBodies ?? 'it could not be read' };
  const payload: Payload = {
    request_id: call.id, method: call.method, url: response.url(), status: response.status(), status_text: response.statusText(), headers,
    resource_type: 'fetch', source: 'api_request', duration_ms: Math.max(0, endTs - call.startTs), ...('missing' in body ? { body_missing: body.missing } : {}),
  };
  const place = { stepId: call.stepId, ts: endTs };
  if ('missing' in body || body.data.length === 0) return session.append('network.response', payload, place);
  const mediaType = headers.find(([name]) => name === 'content-type')?.[1] ?? 'application/octet-stream';
  session.appendContent('network.response', payload, [{ field: 'body', data: body.data, mediaType, ...(body.truncated ? { truncated: body.truncated } : {}) }], place);
}

function failed(session: Session, call: Call, cause: unknown): void {
  session.append('network.failed', { request_id: call.id, method: call.method, url: call.url, error: reasonOf(cause), resource_type: 'fetch', source: 'api_request' }, { stepId: call.stepId });
}

function bodyOf({ data, form, multipart }: FetchOptions): { data: Buffer | string; mediaType: string } | undefined {
  if (typeof data === 'string') return { data, mediaType: 'text/plain; charset=utf-8' };
  if (Buffer.isBuffer(data)) return { data, mediaType: 'application/octet-stream' };
  if (data !== undefined) return { data: JSON.stringify(data) ?? '', mediaType: 'application/json' };
  if (form !== undefined) return { data: formText(form), mediaType: 'application/x-www-form-urlencoded' };
  // A multipart body is put together on the other side; its fields are what can be told here.
  return multipart === undefined ? undefined : { data: JSON.stringify(describe(multipart)), mediaType: 'application/json' };
}

function formText(form: unknown): string {
  const entries = form instanceof FormData ? [...form.entries()] : Object.entries(form as object);
  return new URLSearchParams(entries.map(([name, value]) => [name, String(value)])).toString();
}

function urlOf(session: Session, { url, request }: FetchOptions): string {
  return absolute(session, url ?? asText(Reflect.apply(callable(request, 'url'), request, [])) ?? '');
}

function absolute(session: Session, url: string): string {
  const base = session.testInfo.project.use.baseURL;
  return URL.canParse(url, base) ? new URL(url, base).href : url;
}

function callable(owner: unknown, name: string): () => unknown {
  const found = property(owner, name);
  return typeof found === 'function' ? (found as () => unknown) : () => undefined;
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
