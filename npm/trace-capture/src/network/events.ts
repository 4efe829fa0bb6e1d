import type { BrowserContext, Request, Response, WebSocket } from '@playwright/test';
import { guardedAsync, guarded } from '../problems.js';
import { guidOf } from '../identities.js';
import type { Session } from '../session.js';
import { atMost } from '../wait.js';
import type { Body } from './exchange.js';
import { limited } from './exchange.js';
import type { Payload } from '../values.js';

const BODY_MS = 5_000;
const STREAM = 'text/event-stream';

interface Known {
  readonly id: string;
  readonly startTs: number;
  readonly stepId: string | undefined;
}

/**
 * Records the network through Playwright's own events: for Firefox, WebKit and browsers in another process, where we
 * have no debugging session. Bodies that Playwright cannot get are missing here; streams have none at all, since asking
 * for one never returns.
 */
export function followEvents(context: BrowserContext, current: () => Session | undefined): void {
  const known = new WeakMap<Request, Known>();
  const numbers = new WeakMap<Session, number>();
  const on = (handle: (session: Session) => void): void => {
    const session = current();
    if (session?.settings.network) guarded('a network event', () => handle(session));
  };
  const next = (session: Session, prefix: string): string => {
    const number = (numbers.get(session) ?? 0) + 1;
    numbers.set(session, number);
    return `${prefix}${number}`;
  };
  context.on('request', (request) => on((session) => begin(session, request, known, next(session, 'e'))));
  context.on('requestfinished', (request) => on((session) => session.pending.add(guardedAsync('a response', async () => await end(session, request, known)))));
  context.on('requestfailed', (request) => on((session) => fail(session, request, known)));
  context.on('page', (page) => page.on('websocket', (socket) => on((session) => follow(socket, current, next(session, 'ews')))));
}

function begin(session: Session, request: Request, known: WeakMap<Request, Known>, id: string): void {
  session.seen.add('network');
  const stepId = session.steps.current?.id;
  known.set(request, { id, startTs: session.recorder.now(), stepId });
  const from = request.redirectedFrom();
  const previous = from ? known.get(from)?.id : undefined;
  const payload: Payload = {
    request_id: id, method: request.method(), url: request.url(), resource_type: request.resourceType(),
    headers: Object.entries(request.headers()), ...pageOf(session, request), ...(previous === undefined ? {} : { redirected_from: previous }),
  };
  const data = request.postDataBuffer();
  if (!data) return session.append('network.request', payload, { stepId });
  const mediaType = request.headers()['content-type'] ?? 'application/octet-stream';
  session.appendContent('network.request', payload, [{ field: 'body', data, mediaType }], { stepId });
}

async function end(session: Session, request: Request, known: WeakMap<Request, Known>): Promise<void> {
  const call = known.get(request);
  const response = await request.response();
  if (!call || !response) return;
  const endTs = session.recorder.now();
  const headers = await response.headersArray();
  const body = await bodyOf(session, response);
  const payload: Payload = {
    request_id: call.id, method: request.method(), url: request.url(), status: response.status(), status_text: response.statusText(),
    headers: headers.map(({ name, value }) => [name.toLowerCase(), value]), resource_type: request.resourceType(),
    ...(response.fromServiceWorker() ? { from_service_worker: true } : {}), ...pageOf(session, request),
    duration_ms: Math.max(0, endTs - call.startTs), ...('missing' in body ? { body_missing: body.missing } : {}),
  };
  const place = { stepId: call.stepId, ts: endTs };
  if ('missing' in body || body.data.length === 0) return session.append('network.response', payload, place);
  const mediaType = response.headers()['content-type'] ?? 'application/octet-stream';
  session.appendContent('network.response', payload, [{ field: 'body', data: body.data, mediaType, ...(body.truncated ? { truncated: body.truncated } : {}) }], place);
}

async function bodyOf(session: Session, response: Response): Promise<Body> {
  const status = response.status();
  if (status >= 300 && status < 400) return { data: Buffer.alloc(0) };
  if (!session.settings.bodies) return { missing: 'not asked for' };
  if ((response.headers()['content-type'] ?? '').startsWith(STREAM)) return { missing: 'a stream, which this browser does not hand over' };
  const data = await atMost(BODY_MS, response.body());
  return data ? limited(data, session.settings.max_body_bytes) : { missing: 'the browser did not hand it over' };
}

function fail(session: Session, request: Request, known: WeakMap<Request, Known>): void {
  const call = known.get(request);
  if (!call) return;
  const error = request.failure()?.errorText ?? 'failed';
  session.append('network.failed', { request_id: call.id, method: request.method(), url: request.url(), error, resource_type: request.resourceType() }, { stepId: call.stepId });
}

function follow(socket: WebSocket, current: () => Session | undefined, id: string): void {
  const write = (direction: string, extra: Payload = {}): void => current()?.append('network.ws', { request_id: id, url: socket.url(), direction, ...extra });
  const frame = (direction: string, payload: string | Buffer): void => {
    const text = typeof payload === 'string';
    const content = { field: 'data', data: payload, mediaType: text ? 'text/plain; charset=utf-8' : 'application/octet-stream' };
    current()?.appendContent('network.ws', { request_id: id, url: socket.url(), direction, opcode: text ? 1 : 2 }, [content]);
  };
  write('open');
  socket.on('framesent', ({ payload }) => guarded('a frame', () => frame('sent', payload)));
  socket.on('framereceived', ({ payload }) => guarded('a frame', () => frame('received', payload)));
  socket.on('socketerror', (error) => guarded('a socket', () => write('error', { reason: error })));
  socket.on('close', () => guarded('a socket', () => write('close')));
}

/** Requests of service workers have no frame and navigation requests none yet; asking for it throws. */
function pageOf(session: Session, request: Request): Payload {
  try {
    return { page: session.pages.page(guidOf(request.frame().page())) };
  } catch {
    return {};
  }
}
