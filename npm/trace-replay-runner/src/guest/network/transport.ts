import type { Browser, BrowserContext, CDPSession } from '@playwright/test';
import { property } from '../calls/connection.js';
import { quietly } from '../quietly.js';
import type { Replay } from '../replay.js';
import type { Served } from '../restore/server.js';
import type { Answer, Found, Hit, OriginClass } from '../source.js';
import type { Workers } from '../workers/workers.js';
import { isWorkerScript } from '../workers/workers.js';
import type { ChunkServer } from './chunk-server.js';
import { isUnfinished } from './findings.js';
import type { Fulfilment, HeaderEntry } from './fulfil.js';
import { fulfilment, isPreflight, preflight, withoutWire } from './fulfil.js';
import { LiveHeader } from './live-header.js';
import { reasonFor, wasGivenUp } from './reasons.js';
import { shown } from './shown.js';

/** A request that the browser holds until we say what becomes of it. */
interface Paused {
  readonly requestId: string;
  readonly resourceType?: string;
  /** Only of an answer that we asked to see before the browser does. */
  readonly responseStatusCode?: number;
  readonly responseErrorReason?: string;
  readonly responseHeaders?: readonly HeaderEntry[];
  readonly request: {
    readonly url: string;
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly postData?: string;
    readonly postDataEntries?: readonly { readonly bytes?: string }[];
  };
}

const LOOPBACK = ['loopback-network', 'local-network', 'local-network-access'];
const STUB: Fulfilment = { responseCode: 200, responseHeaders: [{ name: 'content-type', value: 'text/html' }], body: '' };
/** Not 404, of which the browser would write a line on the page's console that no record has. */
const NO_ICON: Fulfilment = { responseCode: 204, responseHeaders: [], body: '' };
const ICON = /\.(ico|svg|png|gif|jpe?g|webp|avif)$/i;
/** Longest a request waits that its page gave up in the record: the page does so again, but a wait without an end would hang the test. */
const GIVEN_UP_MS = 5_000;
/** Longest an answer is held back because it took that long in the record. */
const MOST_DELAY_MS = 60_000;

/**
 * Stands between one browser and the network, below everything a test does with `route`. It hears of every request of every
 * context: documents and each hop of a redirect, frames of other processes, popups, workers of all kinds.
 */
export class Transport {
  readonly #session: CDPSession;
  readonly #replay: Replay;
  readonly #chunks: ChunkServer;
  readonly #header: LiveHeader | undefined;
  readonly #workers: Workers;
  #isStub = false;
  #shells: readonly string[] = [];
  readonly #served: Served[] = [];

  private constructor(session: CDPSession, replay: Replay, chunks: ChunkServer, workers: Workers) {
    this.#session = session;
    this.#replay = replay;
    this.#chunks = chunks;
    this.#header = LiveHeader.of(replay);
    this.#workers = workers;
  }

  /** Resolves when no request of the browser can pass by any more. */
  static async open(browser: Browser, replay: Replay, chunks: ChunkServer, workers: Workers): Promise<Transport> {
    const session = await quietly(browser, async () => await browser.newBrowserCDPSession());
    const transport = new Transport(session, replay, chunks, workers);
    session.on('Fetch.requestPaused', (paused) => void transport.#paused(paused as Paused));
    await transport.#send('Fetch.enable', { patterns: [{ urlPattern: '*' }] });
    return transport;
  }

  /**
   * Lets the pages of a context reach loopback: a document out of the record counts as one of the internet, from which Chromium
   * refuses such requests, and recorded streams and a running application are there.
   */
  async permit(context: BrowserContext): Promise<void> {
    const browserContextId = contextIdOf(context);
    if (browserContextId === undefined) return;
    // Releases of Chromium differ in which of the names they know.
    await Promise.all(LOOPBACK.map(async (name) => await this.#send('Browser.setPermission', { permission: { name }, setting: 'granted', browserContextId }).catch(() => undefined)));
  }

  /** Puts cookies into a context, with parts that Playwright's own way does not know. */
  async putCookies(context: BrowserContext, cookies: readonly object[]): Promise<void> {
    const browserContextId = contextIdOf(context);
    if (browserContextId === undefined) throw new Error('this release of Playwright does not tell the id of a context');
    await this.#send('Storage.setCookies', { cookies, browserContextId });
  }

  /** All cookies of a context. */
  async cookies(context: BrowserContext): Promise<readonly object[]> {
    const browserContextId = contextIdOf(context);
    if (browserContextId === undefined) return [];
    return ((await this.#send('Storage.getCookies', { browserContextId })) as { readonly cookies: readonly object[] }).cookies;
  }

  /** Answers documents with an empty one and nothing else, while storages are filled. */
  stub(on: boolean): void {
    this.#isStub = on;
  }

  /** See `Below`. */
  shells(urls: readonly string[]): void {
    this.#shells = urls;
  }

  /** Workers that run in the browser, in words: what they wait for is not seen from here. */
  async workers(): Promise<readonly string[]> {
    const { targetInfos } = await quietly(this.#session, async () => await this.#session.send('Target.getTargets'));
    return targetInfos.filter(({ type }) => type.endsWith('worker')).map(({ type, url }) => `${type} ${shown(url)}`);
  }

  async #paused(paused: Paused): Promise<void> {
    const { request, resourceType } = paused;
    const answered = this.#replay.stall.begin(`the answer to ${request.method} ${shown(request.url)}${resourceType === undefined ? '' : ` (${resourceType})`}`);
    try {
      await (paused.responseStatusCode === undefined && paused.responseErrorReason === undefined ? this.#answer(paused) : this.#answered(paused));
    } catch {
      // A request that nobody answers would hang its page. Where the page is gone this fails too, and nobody waits.
      await this.#fail(paused, 'Failed').catch(() => undefined);
    } finally {
      answered();
    }
  }

  async #answer(paused: Paused): Promise<void> {
    const { url, method, headers } = paused.request;
    if (!/^https?:/i.test(url)) return await this.#goOn(paused);
    if (this.#isStub) return await (paused.resourceType === 'Document' ? this.#fulfil(paused, STUB) : this.#fail(paused, 'BlockedByClient'));
    const replay = this.#replay;
    const originClass = replay.classOf(url);
    const answerer = replay.answerer(originClass, url);
    const body = bodyOf(paused);
    if (answerer === 'live' && originClass !== 'app') {
      replay.findings.live(originClass);
      return await this.#goOn(paused);
    }
    const found = replay.find({ method, url, headers: Object.entries(headers), client: 'browser', ...(body ? { body } : {}) });
    if (answerer === 'live') {
      replay.findings.live(originClass);
      if (found.hit?.answer.kind === 'response') replay.findings.expect(method, url, found.hit.answer.status);
      return await this.#goOn(paused, this.#withClock(paused, found));
    }
    if (found.hit) {
      replay.findings.hit(method, url, originClass, found.hit);
      this.#note(paused, originClass, found.hit);
      return await this.#give(paused, found.hit);
    }
    if (paused.resourceType === 'Document' && replay.strategy === 'restore') {
      const shell = this.#shell(paused);
      if (shell) return await this.#give(paused, shell);
    }
    // A browser asks for an icon once in its life, so most records have none.
    if (isIcon(paused)) return await this.#fulfil(paused, NO_ICON);
    if (isPreflight(method, headers)) return await this.#fulfil(paused, preflight(headers));
    if (answerer === 'record-or-live') {
      replay.findings.live(originClass);
      return await this.#goOn(paused);
    }
    replay.findings.miss(method, url, originClass, found.miss, !replay.restoring);
    await this.#fail(paused, 'BlockedByClient');
  }

  /** What the application would be asked for by a page that comes alive, for the gate. */
  #note({ request: { method, url, headers }, resourceType }: Paused, originClass: OriginClass, { answer }: Hit): void {
    const isQuestion = method === 'GET' && originClass === 'app' && ['Document', 'XHR', 'Fetch'].includes(resourceType ?? '');
    if (this.#replay.restoring && isQuestion && answer.kind === 'response' && !answer.chunks) this.#served.push({ url, headers, status: answer.status });
  }

  /** See `Below`. */
  get served(): readonly Served[] {
    return this.#served;
  }

  /** The document that the page's own script came from, where its address was only written by that script. */
  #shell({ request: { method, url, headers } }: Paused): Hit | undefined {
    for (const shell of this.#shells.filter((one) => one !== url && one.startsWith(`${new URL(url).origin}/`))) {
      const { hit } = this.#replay.find({ method, url: shell, headers: Object.entries(headers), client: 'browser' });
      if (hit?.answer.kind === 'response' && hit.answer.status === 200) return hit;
    }
    return undefined;
  }

  async #give(paused: Paused, hit: Hit): Promise<void> {
    const { answer } = hit;
    // Nobody answered it in the record. It stays open here too, and goes with its page.
    if (answer.kind === 'open') return;
    if (answer.kind === 'failed') {
      if (wasGivenUp(answer.error)) await pause(GIVEN_UP_MS);
      return await this.#fail(paused, reasonFor(answer.error));
    }
    // Its page had the head of it and did not wait for, or did not read, the rest.
    if (isUnfinished(answer)) return await this.#goOn(paused, { url: await this.#chunks.offer({ ...answer, chunks: [], open: true }, Buffer.alloc(0), 'third-party') });
    const recorded = answer.body === 'whole' ? (this.#replay.source.body(hit.entry) ?? Buffer.alloc(0)) : Buffer.alloc(0);
    const body = isWorkerScript(paused) ? this.#workers.prefixed(recorded) : recorded;
    if (answer.chunks && answer.chunks.length > 0) {
      // A restored page's stream goes on in the live part, so it is one of the running server from its beginning.
      const { url } = paused.request;
      const isApp = this.#replay.classOf(url) === 'app' && this.#replay.mayAsk('app', url);
      if (this.#replay.restoring && this.#replay.goesLive && isApp) return await this.#goOn(paused);
      const address = await this.#chunks.offer(answer, body, this.#replay.classOf(paused.request.url));
      return await this.#goOn(paused, { url: address });
    }
    await this.#inItsTime(answer);
    await this.#fulfil(paused, this.#moved(fulfilment(hit, answer, body)));
  }

  /** From the first live step on an answer takes as long as in the record, since what the test sees may depend on it. */
  async #inItsTime({ duration_ms }: Extract<Answer, { kind: 'response' }>): Promise<void> {
    if (!this.#replay.skipping && duration_ms > 0) await pause(Math.min(duration_ms, MOST_DELAY_MS));
  }

  /** Leads a redirect to where the application stands now. */
  #moved(answer: Fulfilment): Fulfilment {
    const moved = answer.responseHeaders.map(({ name, value }) => (/^(location|access-control-allow-origin)$/i.test(name) ? { name, value: this.#replay.replayed(value) } : { name, value }));
    return { ...answer, responseHeaders: moved };
  }

  /** Asks the running application for the clock and the randomness that it had, where it has been told the same secret. */
  #withClock({ request }: Paused, found: Found): object {
    const asking = this.#header?.ask(found);
    return asking === undefined ? {} : { headers: [...Object.entries(request.headers).map(([name, value]) => ({ name, value })), asking] };
  }

  /** A live answer that we asked to see, which is the script of a worker. */
  async #answered(paused: Paused): Promise<void> {
    const { requestId, responseStatusCode: responseCode, responseHeaders = [] } = paused;
    if (responseCode === undefined || responseCode < 200 || responseCode >= 300) return void (await this.#send('Fetch.continueRequest', { requestId }));
    const { body, base64Encoded } = (await this.#send('Fetch.getResponseBody', { requestId })) as { body: string; base64Encoded: boolean };
    const script = this.#workers.prefixed(Buffer.from(body, base64Encoded ? 'base64' : 'utf8'));
    await this.#fulfil(paused, { responseCode, responseHeaders: withoutWire(responseHeaders), body: script.toString('base64') });
  }

  async #goOn(paused: Paused, changed: object = {}): Promise<void> {
    await this.#send('Fetch.continueRequest', { requestId: paused.requestId, ...changed, ...(isWorkerScript(paused) ? { interceptResponse: true } : {}) });
  }

  async #fulfil({ requestId }: Paused, answer: Fulfilment): Promise<void> {
    await this.#send('Fetch.fulfillRequest', { requestId, ...answer });
  }

  async #fail({ requestId }: Paused, errorReason: string): Promise<void> {
    await this.#send('Fetch.failRequest', { requestId, errorReason });
  }

  async #send(method: string, params: object): Promise<unknown> {
    return await quietly(this.#session, async () => await this.#session.send(method as 'Fetch.enable', params));
  }
}

/** The browser's own name of a context. */
function contextIdOf(context: BrowserContext): string | undefined {
  const connection = property(context, '_connection');
  const toImpl = property(connection, 'toImpl');
  const inner: unknown = typeof toImpl === 'function' ? Reflect.apply(toImpl, connection, [context]) : undefined;
  const id = property(inner, '_browserContextId');
  return typeof id === 'string' ? id : undefined;
}

/** The body as it is sent; nothing where the browser does not hold all of it in memory, as for a chosen file. */
function bodyOf({ request }: Paused): Buffer | undefined {
  const { postDataEntries: entries, postData } = request;
  if (entries?.every(({ bytes }) => bytes !== undefined)) return Buffer.concat(entries.map(({ bytes }) => Buffer.from(bytes ?? '', 'base64')));
  return postData === undefined ? undefined : Buffer.from(postData, 'utf8');
}

/** Whether the browser wants an image for its tab; images of pages have a type of their own. */
function isIcon({ resourceType, request }: Paused): boolean {
  return resourceType === 'Other' && request.method === 'GET' && ICON.test(new URL(request.url).pathname);
}

async function pause(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
