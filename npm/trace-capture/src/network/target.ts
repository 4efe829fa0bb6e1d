import { setTimeout as delay } from 'node:timers/promises';
import { guarded } from '../problems.js';
import type { Session } from '../session.js';
import { atMost } from '../wait.js';
import type { Cdp } from './cdp-session.js';
import type { Body, Exchange } from './exchange.js';
import { limited, resourceType } from './exchange.js';
import type { RequestBook } from './book.js';
import { streamed } from './book.js';
import type { Current } from './hub.js';
import { tell } from './hub.js';
import type { DataReceived, ExtraInfo, Failed, Finished, ResponseReceived, StreamMessage, WillBeSent } from './types.js';
import { Sockets } from './websocket.js';
import { writeFailed, writeRequest, writeResponse } from './write.js';

const TOTAL_BUFFER = 500 * 1024 * 1024;
const RESOURCE_BUFFER = 200 * 1024 * 1024;
const MAX_POST_DATA = 50 * 1024 * 1024;
/** How long a request waits for the headers that were really sent before it is written with the ones intended. */
const EXTRA_INFO_MS = 50;
const BODY_MS = 10_000;
const POST_DATA_PAUSES_MS = [50, 200, 800];

/** Records the network of one target. */
export class NetworkTarget {
  readonly #cdp: Cdp;
  readonly #book: RequestBook;
  readonly #worker: string | undefined;
  readonly #pageOf: () => string | undefined;
  readonly #current: Current;
  readonly #sockets: Sockets;
  #epochOffset: number | undefined;

  constructor(cdp: Cdp, book: RequestBook, type: string, pageOf: () => string | undefined, current: Current) {
    this.#cdp = cdp;
    this.#book = book;
    this.#worker = type === 'page' || type === 'iframe' ? undefined : type;
    this.#pageOf = pageOf;
    this.#current = current;
    this.#sockets = new Sockets(current, (timestamp) => this.#epoch(timestamp));
  }

  /** Sent in one batch and not waited for, so that the target can run on at once. */
  enable(): void {
    tell(this.#cdp, 'Network.enable', { maxTotalBufferSize: TOTAL_BUFFER, maxResourceBufferSize: RESOURCE_BUFFER, maxPostDataSize: MAX_POST_DATA });
    // Keeps bodies readable after their page has navigated away.
    tell(this.#cdp, 'Network.configureDurableMessages', { maxTotalBufferSize: TOTAL_BUFFER, maxResourceBufferSize: RESOURCE_BUFFER });
  }

  event(method: string, params: unknown): void {
    if (!method.startsWith('Network.')) return;
    const session = this.#current();
    if (!session?.settings.network) return;
    switch (method.slice('Network.'.length)) {
      case 'requestWillBeSent':
        return this.#willBeSent(session, params as WillBeSent);
      case 'requestWillBeSentExtraInfo':
        return this.#sentExtra(session, params as ExtraInfo);
      case 'requestServedFromCache':
        return this.#servedFromCache(params as Finished);
      case 'responseReceived':
        return this.#responseReceived(session, params as ResponseReceived);
      case 'responseReceivedExtraInfo':
        return this.#receivedExtra(params as ExtraInfo);
      case 'dataReceived':
        return this.#dataReceived(session, params as DataReceived);
      case 'eventSourceMessageReceived':
        return this.#message(params as StreamMessage);
      case 'loadingFinished':
        return this.#finished(session, params as Finished);
      case 'loadingFailed':
        return this.#failed(session, params as Failed);
      default:
        return this.#sockets.event(method, params);
    }
  }

  #willBeSent(session: Session, event: WillBeSent): void {
    if (event.request.url.startsWith('data:')) return;
    this.#epochOffset = event.wallTime * 1000 - event.timestamp * 1000;
    const previous = this.#book.get(event.requestId);
    if (previous && !event.redirectResponse) return;
    if (previous && event.redirectResponse) this.#redirected(session, previous, event);
    const exchange = this.#exchange(session, event, previous);
    const sent = this.#book.takeSent(event.requestId);
    if (sent) {
      exchange.requestHeaders = sent;
      exchange.sentHeaders = true;
    }
    this.#book.set(exchange);
    if (event.request.hasPostData) this.#requestBody(session, exchange, event);
    else if (sent) writeRequest(session, exchange);
    else this.#writeSoon(session, exchange);
  }

  /** The headers that were really sent come in an event of their own, before or after. */
  #writeSoon(session: Session, exchange: Exchange): void {
    if (exchange.sentHeaders) return writeRequest(session, exchange);
    setTimeout(() => guarded('a request', () => writeRequest(session, exchange)), EXTRA_INFO_MS).unref();
  }

  #exchange(session: Session, event: WillBeSent, previous: Exchange | undefined): Exchange {
    const page = this.#pageOf();
    return {
      id: this.#book.nextId(session),
      key: event.requestId,
      hop: (previous?.hop ?? 0) + 1,
      method: event.request.method,
      url: event.request.url,
      resourceType: resourceType(event.type),
      stepId: session.steps.current?.id,
      page: page === undefined ? session.onlyPage : session.pages.page(page),
      worker: this.#worker,
      startMs: event.wallTime * 1000,
      redirectedFrom: previous?.id,
      requestHeaders: event.request.headers,
      requestBody: undefined,
      hasBody: event.request.hasPostData ?? false,
      sentHeaders: false,
      requestWritten: false,
      response: undefined,
      responseHeaders: undefined,
      responseStatus: undefined,
      responseMs: 0,
      received: 0,
      fromCache: false,
      chunks: [],
      messages: [],
      streaming: false,
      ended: false,
    };
  }

  #redirected(session: Session, previous: Exchange, event: WillBeSent): void {
    previous.response = event.redirectResponse;
    this.#takeReceived(previous);
    writeResponse(session, previous, undefined, this.#epoch(event.timestamp));
  }

  #requestBody(session: Session, exchange: Exchange, event: WillBeSent): void {
    const { postData, postDataEntries } = event.request;
    const parts = postDataEntries?.map(({ bytes }) => bytes) ?? [];
    const whole = parts.length > 0 && parts.every((bytes) => bytes !== undefined);
    const limit = session.settings.max_body_bytes;
    if (!session.settings.bodies) exchange.requestBody = { missing: 'not asked for' };
    else if (whole) exchange.requestBody = limited(Buffer.concat(parts.map((bytes) => Buffer.from(bytes ?? '', 'base64'))), limit);
    else {
      const asked = this.#askRequestBody(exchange.key, limit, postData).then((body) => {
        exchange.requestBody = body;
        this.#writeSoon(session, exchange);
      });
      session.pending.add(asked);
      return;
    }
    writeRequest(session, exchange);
  }

  async #askRequestBody(requestId: string, limit: number, postData: string | undefined): Promise<Body> {
    const answer = await atMost(BODY_MS, this.#requestPostData(requestId));
    if (answer?.postData !== undefined) return limited(Buffer.from(answer.postData, answer.base64Encoded ? 'base64' : 'utf8'), limit);
    return postData === undefined ? { missing: 'the browser did not hand it over' } : limited(Buffer.from(postData, 'utf8'), limit);
  }

  /**
   * A refusal may only mean that the upload is still being read: on a busy machine one body in some hundred was missing
   * when it was asked for once. It is asked for again a few times.
   */
  async #requestPostData(requestId: string): Promise<{ postData?: string; base64Encoded?: boolean }> {
    for (const pause_ms of POST_DATA_PAUSES_MS) {
      const answer = await this.#cdp.send('Network.getRequestPostData', { requestId }).catch(() => undefined);
      if (answer !== undefined) return answer as { postData?: string; base64Encoded?: boolean };
      await delay(pause_ms);
    }
    return (await this.#cdp.send('Network.getRequestPostData', { requestId })) as { postData?: string; base64Encoded?: boolean };
  }

  #sentExtra(session: Session, event: ExtraInfo): void {
    const exchange = this.#book.get(event.requestId);
    if (!exchange || exchange.requestWritten || exchange.response) {
      this.#book.keepSent(event.requestId, event.headers);
      return;
    }
    exchange.requestHeaders = event.headers;
    exchange.sentHeaders = true;
    if (!exchange.hasBody || exchange.requestBody !== undefined) writeRequest(session, exchange);
  }

  #servedFromCache(event: Finished): void {
    const exchange = this.#book.get(event.requestId);
    if (exchange) exchange.fromCache = true;
  }

  #responseReceived(session: Session, event: ResponseReceived): void {
    const exchange = this.#book.get(event.requestId);
    if (!exchange) return;
    exchange.response = event.response;
    exchange.responseMs = this.#epoch(event.timestamp);
    if (event.response.mimeType === 'text/event-stream') this.#stream(session, exchange);
  }

  #receivedExtra(event: ExtraInfo): void {
    this.#book.keepReceived(event);
  }

  #takeReceived(exchange: Exchange): void {
    const extra = this.#book.takeReceived(exchange.key);
    if (!extra) return;
    exchange.responseHeaders = extra.headers;
    exchange.responseStatus = extra.statusCode;
  }

  /** An event stream has no end to wait for, so its bytes are collected as they come. */
  #stream(session: Session, exchange: Exchange): void {
    exchange.streaming = true;
    const started = this.#cdp.send('Network.streamResourceContent', { requestId: exchange.key }).then((answer) => {
      const { bufferedData } = answer as { bufferedData?: string };
      if (bufferedData) exchange.chunks.unshift(Buffer.from(bufferedData, 'base64'));
    });
    session.pending.add(started);
  }

  #message({ requestId, eventName, eventId, data }: StreamMessage): void {
    const lines = [...(eventId ? [`id: ${eventId}`] : []), ...(eventName && eventName !== 'message' ? [`event: ${eventName}`] : []), ...data.split('\n').map((line) => `data: ${line}`)];
    this.#book.get(requestId)?.messages.push(`${lines.join('\n')}\n\n`);
  }

  #dataReceived(session: Session, event: DataReceived): void {
    const exchange = this.#book.get(event.requestId);
    if (!exchange) return;
    exchange.received += event.dataLength;
    const kept = exchange.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (event.data !== undefined && kept < session.settings.max_body_bytes) exchange.chunks.push(Buffer.from(event.data, 'base64'));
  }

  #finished(session: Session, event: Finished): void {
    const exchange = this.#book.get(event.requestId);
    if (!exchange || exchange.ended) return;
    const endMs = this.#epoch(event.timestamp);
    const done = this.#responseBody(session, exchange).then((body) => {
      this.#takeReceived(exchange);
      writeResponse(session, exchange, body, endMs);
      this.#book.delete(exchange.key);
    });
    session.pending.add(done);
  }

  #failed(session: Session, event: Failed): void {
    const exchange = this.#book.get(event.requestId);
    if (!exchange || exchange.ended) return;
    const endMs = this.#epoch(event.timestamp);
    this.#book.delete(exchange.key);
    if (exchange.response) {
      this.#takeReceived(exchange);
      const body = exchange.streaming ? streamed(exchange, session) : { missing: event.errorText || 'the transfer was cut off' };
      writeResponse(session, exchange, body, endMs);
    }
    // The answer's line is complete; that the transfer failed after it is an event of its own.
    exchange.ended = false;
    writeFailed(session, exchange, event.errorText || event.blockedReason || 'failed', endMs, event.canceled ? { canceled: true } : {});
  }

  async #responseBody(session: Session, exchange: Exchange): Promise<Body | undefined> {
    const status = exchange.response?.status ?? 0;
    if (exchange.method === 'HEAD' || status === 204 || status === 304 || (status >= 300 && status < 400)) return undefined;
    if (!session.settings.bodies) return { missing: 'not asked for' };
    if (exchange.streaming) return streamed(exchange, session);
    if (exchange.received > RESOURCE_BUFFER) return { missing: `larger than the browser keeps (${exchange.received} bytes)` };
    try {
      const asked = this.#cdp.send('Network.getResponseBody', { requestId: exchange.key });
      const answer = (await Promise.race([asked, failAfter(BODY_MS)])) as { body: string; base64Encoded: boolean };
      return limited(Buffer.from(answer.body, answer.base64Encoded ? 'base64' : 'utf8'), session.settings.max_body_bytes);
    } catch (cause) {
      return { missing: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  #epoch(timestamp: number): number {
    return this.#epochOffset === undefined ? Date.now() : timestamp * 1000 + this.#epochOffset;
  }
}

async function failAfter(bound_ms: number): Promise<never> {
  return await new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`the browser did not hand it over within ${bound_ms} ms`)), bound_ms).unref();
  });
}
