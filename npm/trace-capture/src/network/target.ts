import { guarded } from '../problems.js';
import { replayGuest } from '../replay-port.js';
import type { Session } from '../session.js';
import { atMost } from '../wait.js';
import type { Payload } from '../values.js';
import type { RequestBook } from './book.js';
import { fromFiles, hasChosenFiles } from './chosen-files.js';
import type { Body } from './exchange.js';
import { Exchange, bodiless, header } from './exchange.js';
import type { Current } from './hub.js';
import { askRequestBody, inlineBody } from './request-body.js';
import type { Sources, Turnstile } from './response-body.js';
import { askBody, askKept, startStream, streamsFrom, streamsNow } from './response-body.js';
import type { DataReceived, ExtraInfo, Failed, Finished, ResponseReceived, WillBeSent } from './types.js';
import { Sockets } from './websocket.js';
import { writeFailed, writeRequest, writeResponse } from './write.js';

/** How long a line waits for the headers that were really sent or received before it is written without them. */
const EXTRA_INFO_MS = 5_000;
const STREAM_MS = 5_000;
const REQUEST_BODY_MS = 15_000;
const DOWNLOAD_MS = 60_000;
/** The page gave an answer up or went away. Of other failures the browser may keep a part and call it whole. */
const GIVEN_UP = 'net::ERR_ABORTED';
/** Methods whose body may be a file that the browser reads itself, of which it does not even say that there is a body. */
const SENDS = new Set(['POST', 'PUT', 'PATCH']);

/** What a target shares with the others of its browser, and what is its own. */
export interface Surroundings {
  readonly book: RequestBook;
  readonly current: Current;
  readonly turnstile: Turnstile;
  readonly sources: () => Sources;
  /** Page, frame and worker of a request, given the browser's id of its frame. */
  readonly where: (session: Session, frameId: string | undefined) => Payload;
}

/** Records the network of one target. */
export class NetworkTarget {
  readonly #around: Surroundings;
  readonly #book: RequestBook;
  readonly #sockets: Sockets;
  #epochOffset: number | undefined;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#book = around.book;
    this.#sockets = new Sockets(around.current, (timestamp) => this.#epoch(timestamp), (session) => around.where(session, undefined));
  }

  event(method: string, params: unknown): void {
    if (!method.startsWith('Network.')) return;
    const session = this.#around.current();
    if (!session?.settings.network || session.settings.network_source === 'events') return;
    switch (method.slice('Network.'.length)) {
      case 'requestWillBeSent':
        return this.#willBeSent(session, params as WillBeSent);
      case 'requestWillBeSentExtraInfo':
        return this.#book.sent(session, params as ExtraInfo);
      case 'requestServedFromCache':
        return this.#servedFromCache(session, params as Finished);
      case 'responseReceived':
        return this.#responseReceived(session, params as ResponseReceived);
      case 'responseReceivedExtraInfo':
        return this.#book.received(session, params as ExtraInfo);
      case 'dataReceived':
        return this.#dataReceived(session, params as DataReceived);
      case 'loadingFinished':
        return this.#finished(session, params as Finished);
      case 'loadingFailed':
        return this.#failed(session, params as Failed);
      default:
        return this.#sockets.event(method, params);
    }
  }

  /** The target is gone, a window that was closed as a rule. What its answers came to is asked where they are kept. */
  gone(): void {
    const endMs = Date.now();
    this.#leaves(this.#book.leftBy(this), () => endMs);
  }

  /** The same for answers of which the page looked at the status only, while there is a page to ask. */
  unread(): void {
    this.#leaves(this.#book.leftBy(this).filter(({ received }) => received === 0), ({ responseMs }) => responseMs);
  }

  #leaves(exchanges: readonly Exchange[], endMs: (exchange: Exchange) => number): void {
    const session = this.#around.current();
    if (!session || session.noBodies !== undefined) return;
    for (const exchange of exchanges) session.pending.add(`the body of ${exchange.begun.id}`, this.#left(session, exchange, endMs(exchange)));
  }

  #willBeSent(session: Session, event: WillBeSent): void {
    if (event.request.url.startsWith('data:')) return;
    this.#epochOffset = event.wallTime * 1000 - event.timestamp * 1000;
    const previous = this.#book.get(event.requestId);
    if (previous && !event.redirectResponse) return;
    if (previous) this.#redirected(session, previous, event);
    const exchange = this.#exchange(session, event, previous);
    this.#book.add(session, exchange);
    if (exchange.begun.hasBody) this.#requestBody(session, exchange, event);
    else this.#writeSoon(session, exchange);
  }

  /** The headers that were really sent come in an event of their own, before or after. */
  #writeSoon(session: Session, exchange: Exchange): void {
    if (exchange.isWritable) return writeRequest(session, exchange);
    setTimeout(() => guarded('a request', () => writeRequest(session, exchange)), EXTRA_INFO_MS).unref();
  }

  #exchange(session: Session, { requestId, request, type, wallTime, frameId, initiator }: WillBeSent, previous: Exchange | undefined): Exchange {
    const preflight = initiator?.type === 'preflight';
    const asker = preflight ? initiator.requestId : undefined;
    // A page that closes with its request under way has no place any more when the line is written; a new one has none yet.
    const begunIn = this.#around.where(session, frameId);
    return new Exchange({
      id: this.#book.nextId(session),
      key: requestId,
      method: request.method,
      url: request.url,
      resourceType: preflight ? 'preflight' : (type ?? 'other').toLowerCase(),
      stepId: session.steps.current?.id,
      where: () => this.#book.get(asker ?? '')?.begun.where() ?? { ...begunIn, ...this.#around.where(session, frameId) },
      startMs: wallTime * 1000,
      redirectedFrom: previous?.begun.id,
      preflightFor: preflight ? () => this.#book.idOf(asker) : undefined,
      hasBody: request.hasPostData ?? (SENDS.has(request.method) && hasChosenFiles(session)),
      requestHeaders: request.headers,
    });
  }

  #redirected(session: Session, previous: Exchange, event: WillBeSent): void {
    previous.response = event.redirectResponse;
    previous.transferBytes = event.redirectResponse?.encodedDataLength;
    const endMs = this.#epoch(event.timestamp);
    this.#book.hasExtra(session, previous, event.redirectHasExtraInfo ?? false);
    if (previous.extra || previous.hasExtra === false) return writeResponse(session, previous, undefined, endMs);
    session.pending.add(`the headers of ${previous.begun.id}`, this.#book.extraOf(previous, EXTRA_INFO_MS).then(() => writeResponse(session, previous, undefined, endMs)));
  }

  #requestBody(session: Session, exchange: Exchange, event: WillBeSent): void {
    const limit = session.settings.max_body_bytes;
    if (session.noBodies !== undefined) exchange.requestBody = { missing: session.noBodies };
    else exchange.requestBody = inlineBody(event, limit);
    if (exchange.requestBody) return this.#writeSoon(session, exchange);
    exchange.asking = this.#askRequestBody(session, exchange, event);
    session.pending.add(`the body of ${exchange.begun.id}`, exchange.asking);
  }

  async #askRequestBody(session: Session, exchange: Exchange, event: WillBeSent): Promise<void> {
    const data = event.request.hasPostData ? await askRequestBody(this.#around.sources().own, event) : undefined;
    // How long the body is stands in the headers really sent, and nowhere else.
    if (data === undefined) await this.#book.sentOf(exchange, EXTRA_INFO_MS);
    exchange.requestBody = await fromFiles(session, exchange, data, session.settings.max_body_bytes);
    this.#writeSoon(session, exchange);
  }

  #servedFromCache(session: Session, event: Finished): void {
    const exchange = this.#book.get(event.requestId);
    if (!exchange) return;
    exchange.fromMemory = true;
    this.#book.hasExtra(session, exchange, false);
  }

  #responseReceived(session: Session, event: ResponseReceived): void {
    const exchange = this.#book.get(event.requestId);
    if (!exchange || exchange.response) return;
    exchange.response = event.response;
    exchange.answeredBy = this;
    exchange.responseMs = this.#epoch(event.timestamp);
    if (exchange.hasExtra === undefined) this.#book.hasExtra(session, exchange, event.hasExtraInfo ?? false);
    if (exchange.isWritable) writeRequest(session, exchange);
    const how = streamsFrom(exchange);
    if (how) this.#stream(session, exchange, how);
  }

  #stream(session: Session, exchange: Exchange, how: 'timed' | 'large'): void {
    if (session.noBodies !== undefined || bodiless(exchange.begun.method, exchange.status)) return;
    exchange.streaming = startStream(session, exchange, this.#around.sources().own, how);
    session.pending.add(`the beginning of the stream of ${exchange.begun.id}`, exchange.streaming);
  }

  #dataReceived(session: Session, event: DataReceived): void {
    const exchange = this.#book.get(event.requestId);
    if (!exchange) return;
    exchange.received += event.dataLength;
    const nowMs = this.#epoch(event.timestamp);
    if (event.data !== undefined) exchange.stream?.add(Buffer.from(event.data, 'base64'), session.recorder.tsOf(nowMs));
    const how = exchange.streaming ? undefined : streamsNow(exchange, nowMs);
    if (how) this.#stream(session, exchange, how);
  }

  #finished(session: Session, event: Finished): void {
    const exchange = this.#book.get(event.requestId);
    if (!exchange || exchange.finished) return;
    exchange.transferBytes = event.encodedDataLength;
    this.#ends(session, exchange, this.#epoch(event.timestamp), this.#responseBody(session, exchange));
  }

  /** A document whose first script closes its window is whole in the browser, but nobody tells its end any more. */
  async #left(session: Session, exchange: Exchange, endMs: number): Promise<void> {
    const body = await this.#kept(session, exchange);
    if (body && !exchange.finished && !exchange.ended) this.#ends(session, exchange, endMs, Promise.resolve(body));
  }

  async #kept(session: Session, exchange: Exchange): Promise<Body | undefined> {
    if (!exchange.response || exchange.stream || bodiless(exchange.begun.method, exchange.status)) return undefined;
    const body = await this.#around.turnstile.pass(async () => await askKept(exchange, this.#around.sources().kept(), session.settings.max_body_bytes));
    return body && asServed(body);
  }

  #ends(session: Session, exchange: Exchange, endMs: number, asked: Promise<Body | undefined>): void {
    this.#book.finished(exchange);
    const done = asked.then(async (body) => {
      await this.#requestKnown(exchange);
      if (exchange.response || exchange.extra) writeResponse(session, exchange, body, endMs);
      else writeFailed(session, exchange, 'the browser told its end and no answer', endMs);
      this.#book.delete(exchange.begun.key);
    });
    session.pending.add(`the end of ${exchange.begun.id}`, done);
  }

  #failed(session: Session, event: Failed): void {
    const exchange = this.#book.get(event.requestId);
    if (!exchange || exchange.finished) return;
    const error = event.errorText || event.blockedReason || 'failed';
    exchange.error = error;
    this.#book.finished(exchange);
    const endMs = this.#epoch(event.timestamp);
    const reason = event.corsErrorStatus?.corsError ?? (event.blockedReason || undefined);
    const rest: Payload = { ...(event.canceled ? { canceled: true } : {}), ...(reason === undefined ? {} : { reason }) };
    const done = this.#cut(session, exchange, error).then(async (body) => {
      await this.#requestKnown(exchange);
      // The answer's line is complete; that the transfer failed after it is an event of its own.
      if (exchange.response) writeResponse(session, exchange, body, endMs);
      writeFailed(session, exchange, error, endMs, rest);
      this.#book.delete(exchange.begun.key);
    });
    session.pending.add(`the end of ${exchange.begun.id}`, done);
  }

  /** The request's line comes first and is whole: an answer waits for it. */
  async #requestKnown(exchange: Exchange): Promise<void> {
    if (exchange.asking) await atMost(REQUEST_BODY_MS, exchange.asking);
    await this.#book.extraOf(exchange, EXTRA_INFO_MS);
    await this.#book.placeOf(exchange, EXTRA_INFO_MS);
  }

  /** What had arrived of a body whose transfer broke. */
  async #cut(session: Session, exchange: Exchange, error: string): Promise<Body> {
    await this.#streamed(exchange);
    if (session.noBodies === undefined && becomesDownload(exchange)) {
      const saved = await this.#book.download(exchange.begun.url, DOWNLOAD_MS);
      if (saved) return saved;
    }
    if (exchange.stream) return exchange.stream.body(exchange.received);
    const whole = session.noBodies === undefined && error === GIVEN_UP ? await this.#kept(session, exchange) : undefined;
    return whole ?? { missing: error };
  }

  async #responseBody(session: Session, exchange: Exchange): Promise<Body | undefined> {
    if (bodiless(exchange.begun.method, exchange.status) || exchange.begun.resourceType === 'preflight') return undefined;
    if (session.noBodies !== undefined) return { missing: session.noBodies };
    await this.#streamed(exchange);
    const { stream, received } = exchange;
    if (stream && stream.length >= received) return stream.body(received);
    const limit = session.settings.max_body_bytes;
    const asked = await this.#around.turnstile.pass(async () => await askBody(exchange, this.#around.sources(), limit));
    if ('missing' in asked) return stream ? stream.body(received) : asked;
    return asServed(asked);
  }

  async #streamed(exchange: Exchange): Promise<void> {
    if (exchange.streaming) await atMost(STREAM_MS, exchange.streaming);
  }

  #epoch(timestamp: number): number {
    return this.#epochOffset === undefined ? Date.now() : timestamp * 1000 + this.#epochOffset;
  }
}

/** The body as the server gave it, where a replay changed it for the page. */
function asServed(body: Body): Body {
  return 'missing' in body ? body : { ...body, data: replayGuest()?.asServed(body.data) ?? body.data };
}

/** A navigation that was answered and then given up by the browser itself, for a file and not for a document. */
function becomesDownload({ begun, response, status }: Exchange): boolean {
  const navigates = begun.resourceType === 'document' && response !== undefined && !bodiless(begun.method, status);
  return navigates && (/^attachment/i.test(header(response.headers, 'content-disposition') ?? '') || !/^(text|image)\/|html|xml/.test(response.mimeType));
}
