import type { Session } from '../session.js';
import { bodiless } from './exchange.js';
import type { Body, Exchange, Routed } from './exchange.js';
import type { ExtraInfo, RawHeaders } from './types.js';
import { writeFailed, writeRequest, writeResponse } from './write.js';
import { atMost } from '../wait.js';

/** Shared by all browsers of a test, so that a request id is one in its trace. */
const numbers = new WeakMap<Session, number>();

/** One of the browser's requests: its hops, and the raw headers told for them in events of their own. */
interface Chain {
  readonly hops: Exchange[];
  readonly sent: RawHeaders[];
  readonly received: ExtraInfo[];
  readonly waiting: Set<() => void>;
}

/** Longest that the word of a route waits for the request that it is about. */
const EARLY_MS = 5_000;

/** What a route did to a request that the browser has not told here. */
interface Early {
  readonly method: string;
  readonly url: string;
  readonly routed: Routed;
  readonly atMs: number;
}

/** All exchanges of one browser. A request seen through two sessions (a frame's and its page's) is one exchange. */
export class RequestBook {
  readonly #chains = new Map<string, Chain>();
  readonly #downloads = new Map<string, (body: Body) => void>();
  #early: Early[] = [];

  /** The hop that is under way. */
  get(key: string): Exchange | undefined {
    return this.#chains.get(key)?.hops.at(-1);
  }

  /** Begins a request, or the next hop of one. */
  add(session: Session, exchange: Exchange): void {
    const chain = this.#chain(exchange.begun.key);
    chain.hops.push(exchange);
    this.#routedBefore(exchange);
    match(session, chain);
    for (const other of this.#chains.values()) if (other.hops.at(-1)?.begun.preflightFor) match(session, other);
  }

  delete(key: string): void {
    this.#chains.delete(key);
  }

  nextId(session: Session): string {
    const number = (numbers.get(session) ?? 0) + 1;
    numbers.set(session, number);
    return `r${number}`;
  }

  /** Headers as they went over the wire; they may be told before the request they belong to. */
  sent(session: Session, { requestId, headers }: ExtraInfo): void {
    const chain = this.#chain(requestId);
    chain.sent.push(headers);
    match(session, chain);
  }

  received(session: Session, info: ExtraInfo): void {
    const chain = this.#chain(info.requestId);
    chain.received.push(info);
    match(session, chain);
  }

  /** The browser says whether it tells the raw headers of a hop. */
  hasExtra(session: Session, exchange: Exchange, has: boolean): void {
    exchange.hasExtra = has;
    match(session, this.#chain(exchange.begun.key));
  }

  /** Waits for the raw headers of request and answer, unless there are none to come. */
  async extraOf(exchange: Exchange, bound_ms: number): Promise<void> {
    if (exchange.hasExtra !== true) return;
    await this.#when(exchange, bound_ms, () => exchange.extra !== undefined && (exchange.sent || exchange.requestWritten));
  }

  /** Waits until it is known whose request this is. */
  async placeOf(exchange: Exchange, bound_ms: number): Promise<void> {
    await this.#when(exchange, bound_ms, () => exchange.isPlaced);
  }

  /** Waits for the headers that were really sent, or for word that nobody will tell them. */
  async sentOf(exchange: Exchange, bound_ms: number): Promise<void> {
    await this.#when(exchange, bound_ms, () => exchange.sent || exchange.hasExtra === false);
  }

  /**
   * Playwright is about to answer, change or refuse a request that the test has routed. Its word comes before any answer, and
   * on a busy machine before the request itself, because each connection to a page is told in its own time: of 20 runs of
   * three routes, three lost a word that came first.
   */
  routed(method: string, url: string, routed: Routed): void {
    const open = [...this.#chains.values()].map(({ hops }) => hops.at(-1));
    const found = open.find((last) => last && !last.routed && !last.response && last.begun.url === url && last.begun.method === method);
    if (found) found.routed = routed;
    else this.#early = [...this.#stillEarly(), { method, url, routed, atMs: Date.now() }];
  }

  #routedBefore(exchange: Exchange): void {
    if (this.#early.length === 0 || exchange.begun.resourceType === 'preflight') return;
    this.#early = this.#stillEarly();
    const index = this.#early.findIndex(({ method, url }) => method === exchange.begun.method && url === exchange.begun.url);
    if (index >= 0) exchange.routed = this.#early.splice(index, 1)[0]?.routed;
  }

  #stillEarly(): Early[] {
    const since = Date.now() - EARLY_MS;
    return this.#early.filter(({ atMs }) => atMs >= since);
  }

  /**
   * Waits for the end of answers whose body is arriving. A page may go on, and its test end, at the last byte of a body;
   * the browser's word that it was the last comes a moment later.
   */
  async arriving(bound_ms: number): Promise<void> {
    const open = [...this.#chains.values()].flatMap(({ hops }) => hops).filter(({ isArriving }) => isArriving);
    await Promise.all(open.map(async (exchange) => await this.#when(exchange, bound_ms, () => exchange.finished)));
  }

  /** Exchanges whose answer a target told, but not its end. */
  leftBy(target: unknown): Exchange[] {
    return [...this.#chains.values()].flatMap(({ hops }) => hops.filter(({ answeredBy, finished }) => answeredBy === target && !finished));
  }

  /** Whether there is an exchange whose end the browser has not told. */
  get hasOpen(): boolean {
    return [...this.#chains.values()].some(({ hops }) => hops.at(-1)?.finished === false);
  }

  /** The browser has told the end of an exchange. */
  finished(exchange: Exchange): void {
    exchange.finished = true;
    const chain = this.#chains.get(exchange.begun.key);
    if (chain) tellWaiting(chain);
  }

  /** The body of an answer that became a download; `undefined` when nobody tells of one. */
  async download(url: string, bound_ms: number): Promise<Body | undefined> {
    const told = new Promise<Body>((resolve) => this.#downloads.set(url, resolve));
    return await atMost(bound_ms, told);
  }

  saved(url: string, body: Body): void {
    this.#downloads.get(url)?.(body);
    this.#downloads.delete(url);
  }

  /** The trace's id of a request by the browser's. */
  idOf(key: string | undefined): string | undefined {
    return key === undefined ? undefined : this.get(key)?.begun.id;
  }

  /** The test is over: what is still open is written as far as it came, and the record says so. */
  settle(session: Session): void {
    const left = [...this.#chains.values()].flatMap(({ hops }) => hops).filter(({ ended }) => !ended);
    this.#chains.clear();
    this.#downloads.clear();
    this.#early = [];
    for (const exchange of left) {
      const end = Date.now();
      if (!exchange.response && !exchange.extra?.statusCode) writeFailed(session, exchange, 'still under way when the test ended', end);
      else if (exchange.stream) writeResponse(session, exchange, exchange.stream.body(exchange.received), end, { open: true });
      else if (bodiless(exchange.begun.method, exchange.status)) writeResponse(session, exchange, undefined, exchange.responseMs || end);
      else writeResponse(session, exchange, { missing: unfinished(exchange) }, exchange.responseMs || end);
    }
  }

  async #when(exchange: Exchange, bound_ms: number, whole: () => boolean): Promise<void> {
    const chain = this.#chains.get(exchange.begun.key);
    if (!chain || whole()) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        chain.waiting.delete(look);
        resolve();
      };
      const look = (): void => {
        if (whole()) done();
      };
      const timer = setTimeout(done, bound_ms);
      chain.waiting.add(look);
    });
  }

  #chain(key: string): Chain {
    const known = this.#chains.get(key);
    if (known) return known;
    const chain: Chain = { hops: [], sent: [], received: [], waiting: new Set() };
    this.#chains.set(key, chain);
    return chain;
  }
}

/**
 * Gives each hop its raw headers. Both kinds of event come in the order of the hops but may lie before or after the
 * event of the hop itself; hops that the browser answered without the network have none.
 */
function match(session: Session, chain: Chain): void {
  const hops = chain.hops.filter(({ hasExtra }) => hasExtra !== false);
  for (const [index, exchange] of hops.entries()) {
    const sent = chain.sent[index];
    exchange.extra ??= chain.received[index];
    if (sent === undefined || exchange.sent || exchange.requestWritten) continue;
    exchange.requestHeaders = sent;
    exchange.sent = true;
  }
  for (const exchange of chain.hops) if (exchange.isWritable) writeRequest(session, exchange);
  tellWaiting(chain);
}

function tellWaiting({ waiting }: Chain): void {
  for (const look of [...waiting]) look();
}

/** A page that looks only at the status leaves the body of an answer where it is, and Chromium never calls it finished. */
function unfinished({ received }: Exchange): string {
  return received === 0 ? 'the page had not read it when the test ended' : 'still loading when the test ended';
}
