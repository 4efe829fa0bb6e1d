import type { BrowserContext, Request, Response } from '@playwright/test';
import { quietly } from '../dom/quiet.js';
import { guidOf } from '../identities.js';
import { guarded, guardedAsync } from '../problems.js';
import type { Session } from '../session.js';
import type { Payload } from '../values.js';
import { atMost } from '../wait.js';
import { fromFiles, hasChosenFiles } from './chosen-files.js';
import type { Body } from './exchange.js';
import { Exchange, bodiless, limited } from './exchange.js';
import { followSockets } from './events-sockets.js';
import { answerOf, rawHeaders, rawResponse } from './events-raw.js';
import { streamsFrom } from './response-body.js';
import { followRoutes } from './routes.js';
import { writeFailed, writeRequest, writeResponse } from './write.js';

const BODY_MS = 5_000;
/** How long a line waits for the headers that were really sent. */
const HEADERS_MS = 2_000;

/** A request under way and when it can be written. */
interface Known {
  readonly exchange: Exchange;
  readonly written: Promise<void>;
}

/**
 * Records the network through Playwright's own events: for Firefox, WebKit and browsers in another process, where we
 * have no debugging session. Bodies that Playwright cannot get are missing here; streams have none at all, since asking
 * for one never returns.
 */
export function followEvents(context: BrowserContext, current: () => Session | undefined): void {
  const recorder = new EventsRecorder();
  const later = (session: Session, what: string, work: () => Promise<void>): void =>
    session.pending.add(what, guardedAsync(what, async () => await quietly(context, work)));
  const on = (handle: (session: Session) => void): void => {
    const session = current();
    if (session?.settings.network) guarded('a network event', () => handle(session));
  };
  context.on('request', (request) => on((session) => later(session, 'a request', recorder.begin(session, request))));
  context.on('response', (response) => on(() => recorder.answered(response)));
  context.on('requestfinished', (request) => on((session) => later(session, 'a response', async () => await recorder.end(session, request))));
  context.on('requestfailed', (request) => on((session) => later(session, 'a failed request', async () => await recorder.fail(session, request))));
  context.on('page', (page) => page.on('websocket', (socket) => on((session) => followSockets(socket, page, session, current))));
  followRoutes(context, (routed, method, url) => recorder.routed(routed, method, url));
}

class EventsRecorder {
  readonly #known = new WeakMap<Request, Known>();
  readonly #open = new Map<Exchange, Session>();
  readonly #closing = new WeakSet<Session>();

  /** Begins an exchange; what is returned writes it once its headers are known. */
  begin(session: Session, request: Request): () => Promise<void> {
    if (request.url().startsWith('data:')) return async () => undefined;
    const from = request.redirectedFrom();
    const data = guarded('a request body', () => request.postDataBuffer());
    const unread = !data && ['POST', 'PUT', 'PATCH'].includes(request.method());
    const exchange = new Exchange({
      id: nextId(session), key: guidOf(request), method: request.method(), url: request.url(), resourceType: request.resourceType(),
      stepId: session.steps.current?.id, where: () => placeOf(session, request), startMs: Date.now(),
      redirectedFrom: from ? this.#known.get(from)?.exchange.begun.id : undefined, preflightFor: undefined,
      hasBody: Boolean(data), requestHeaders: request.headers(),
    });
    if (data) exchange.requestBody = session.noBodies === undefined ? limited(data, session.settings.max_body_bytes) : { missing: session.noBodies };
    this.#open.set(exchange, session);
    this.#settleWith(session);
    let told = (): void => undefined;
    this.#known.set(request, { exchange, written: new Promise((resolve) => (told = resolve)) });
    return async () => {
      const headers = await atMost(HEADERS_MS, request.headersArray());
      if (headers) exchange.requestHeaders = rawHeaders(headers);
      if (unread && session.noBodies === undefined) exchange.requestBody = await this.#unread(session, exchange);
      writeRequest(session, exchange);
      told();
    };
  }

  /** The headers of an answer are there; its body may never end. */
  answered(response: Response): void {
    const known = this.#known.get(response.request());
    if (!known) return;
    known.exchange.response ??= answerOf(response);
    known.exchange.responseMs = Date.now();
  }

  async end(session: Session, request: Request): Promise<void> {
    const known = this.#known.get(request);
    const response = await atMost(BODY_MS, request.response());
    if (!known || !response) return;
    const { exchange } = known;
    const endMs = Date.now();
    // A context may close between two questions; then what its own events told is what there is.
    exchange.response = await rawResponse(request, response);
    const headers = await atMost(HEADERS_MS, response.headersArray());
    if (headers) exchange.extra = { requestId: exchange.begun.key, headers: rawHeaders(headers), statusCode: response.status() };
    const sizes = await atMost(BODY_MS, request.sizes());
    exchange.transferBytes = sizes && sizes.responseBodySize + sizes.responseHeadersSize;
    const body = await bodyOf(session, exchange, response, sizes?.responseBodySize ?? 0);
    await known.written;
    this.#open.delete(exchange);
    writeResponse(session, exchange, body, endMs);
  }

  async fail(session: Session, request: Request): Promise<void> {
    const known = this.#known.get(request);
    if (!known) return;
    const endMs = Date.now();
    const error = request.failure()?.errorText ?? 'failed';
    await known.written;
    this.#open.delete(known.exchange);
    if (known.exchange.response) writeResponse(session, known.exchange, { missing: error }, endMs);
    writeFailed(session, known.exchange, error, endMs, /abort|cancel/i.test(error) ? { canceled: true } : {});
  }

  routed(routed: NonNullable<Exchange['routed']>, method: string, url: string): void {
    for (const exchange of this.#open.keys()) {
      if (exchange.routed || exchange.begun.url !== url || exchange.begun.method !== method) continue;
      exchange.routed = routed;
      return;
    }
  }

  /** What is still open when its test ends is written as far as it came. */
  #settleWith(session: Session): void {
    if (this.#closing.has(session)) return;
    this.#closing.add(session);
    session.onClose(async (bound_ms) => {
      await session.pending.drain(bound_ms);
      for (const [exchange, owner] of this.#open) {
        if (owner !== session) continue;
        this.#open.delete(exchange);
        if (exchange.response) writeResponse(session, exchange, { missing: 'still open when the test ended' }, exchange.responseMs, { open: true });
        else writeFailed(session, exchange, 'still under way when the test ended', Date.now());
      }
    });
  }

  /** Playwright hands out no blobs; a file chosen by its path can still be read. */
  async #unread(session: Session, exchange: Exchange): Promise<Body | undefined> {
    const length = Object.entries(exchange.requestHeaders).find(([name]) => name === 'content-length')?.[1];
    if (length === undefined || length === '0') return undefined;
    if (hasChosenFiles(session)) return await fromFiles(session, exchange, undefined, session.settings.max_body_bytes);
    return { missing: 'Playwright hands out no blobs and files' };
  }
}

/** What an empty body takes on the wire at most: the end of a chunked one, or a frame of HTTP/2. */
const EMPTY_BYTES = 16;

async function bodyOf(session: Session, exchange: Exchange, response: Response, arrived: number): Promise<Body | undefined> {
  if (bodiless(exchange.begun.method, response.status())) return undefined;
  if (session.noBodies !== undefined) return { missing: session.noBodies };
  if (streamsFrom(exchange) === 'timed') return { missing: 'a stream, which this browser does not hand over' };
  const data = await atMost(BODY_MS, response.body());
  // Of a service worker's request Playwright may hand out nothing, although bytes have come, and says it is the body.
  if (!data || (data.length === 0 && arrived > EMPTY_BYTES)) return { missing: 'the browser did not hand it over' };
  return limited(data, session.settings.max_body_bytes);
}

const numbers = new WeakMap<Session, number>();

function nextId(session: Session): string {
  const number = (numbers.get(session) ?? 0) + 1;
  numbers.set(session, number);
  return `e${number}`;
}

/** Requests of service workers have no frame and navigation requests none yet; asking for it throws. */
function placeOf(session: Session, request: Request): Payload {
  if (request.serviceWorker()) return { worker: 'service_worker' };
  try {
    const frame = request.frame();
    const page = guidOf(frame.page());
    return { page: session.pages.page(page), frame: session.pages.frame(page, guidOf(frame)) };
  } catch {
    return {};
  }
}
