import type { Browser, BrowserContext, Page } from '@playwright/test';
import { quietly } from '../dom/quiet.js';
import { ScreencastSource } from '../media/screencast.js';
import { implementationOf } from '../playwright/privates.js';
import { guarded, problems } from '../problems.js';
import type { Session } from '../session.js';
import { HubStates } from '../state/hub-states.js';
import type { Payload } from '../values.js';
import { atMost } from '../wait.js';
import { RequestBook } from './book.js';
import type { Cdp, CdpListener } from './cdp-session.js';
import { wrapSession } from './cdp-session.js';
import type { Body } from './exchange.js';
import { PageSession } from './page-session.js';
import { placeOf, targetOf } from './place.js';
import type { Sources } from './response-body.js';
import { Turnstile } from './response-body.js';
import { followRoutes } from './routes.js';
import { NetworkTarget } from './target.js';

/** What Chromium tells about a target. */
export interface TargetInfo {
  readonly targetId: string;
  readonly type: string;
  readonly url: string;
  readonly browserContextId?: string;
}

interface Attached {
  readonly sessionId: string;
  readonly targetInfo: TargetInfo;
  readonly waitingForDebugger: boolean;
}

interface Detached {
  readonly sessionId: string;
}

const RECORDED = new Set(['page', 'iframe', 'worker', 'shared_worker', 'service_worker']);
/** Targets that have documents of their own, whose bodies go with them. */
const NAVIGATES = new Set(['page', 'iframe']);
/** Targets whose bodies are not all in the process that the target runs in. */
const KEPT = new Set([...NAVIGATES, 'service_worker']);
/** Longest that a new target waits for us; one round trip to the browser as a rule. */
const KEEP_MS = 1_000;
const MAX_POST_DATA = 50 * 1024 * 1024;
const BUFFERS = { maxTotalBufferSize: 500 * 1024 * 1024, maxResourceBufferSize: 200 * 1024 * 1024 };
/** The browser's own pages load some hundred files of their own at each start. */
const FILTER = [{ type: 'browser_ui', exclude: true }, { type: 'browser', exclude: true }, { type: 'tab', exclude: true }, {}];
const ATTACH = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true, filter: FILTER };

/** The session of the moment; events of a time without one are nobody's. */
export type Current = () => Session | undefined;

/** One target as it is recorded. A service worker attaches through the browser and through each of its pages. */
interface Recorded {
  readonly sessionId: string;
  readonly own: Cdp;
  readonly network: NetworkTarget;
  durable: Cdp | undefined;
  /** Settles when `durable` is there, or will not be. */
  kept: Promise<unknown> | undefined;
  /** What only a page has. */
  readonly page?: { readonly session: PageSession; readonly screencast: ScreencastSource };
}

/**
 * Our own debugging connection to one Chromium, over the pipe Playwright already has. It attaches to every target
 * before its first line runs, out-of-process frames, popups and all workers included, and lets each go at once.
 */
export class Hub {
  /** The object behind the browser, which outlives the one that a test holds. */
  readonly #browser: unknown;
  readonly #root: Cdp;
  readonly #current: Current;
  readonly #book: RequestBook = new RequestBook();
  readonly #turnstile: Turnstile = new Turnstile();
  readonly #recorded = new Map<string, Recorded>();
  /** What knows the state of the pages. */
  readonly states: HubStates;

  constructor(browser: unknown, root: Cdp, current: Current) {
    this.#browser = browser;
    this.#root = root;
    this.#current = current;
    this.states = new HubStates(root);
  }

  /** Begins to attach. Resolves when targets that exist already have been told. */
  async start(): Promise<void> {
    const attached = this.#root.send('Target.setAutoAttach', ATTACH);
    this.states.watch();
    await attached;
  }

  /** Handles an event of a session above some targets; `page` is the page target that they belong to. */
  route(parent: Cdp, method: string, params: unknown, page?: string): void {
    if (method === 'Target.attachedToTarget') return guarded('a new target', () => this.#attached(parent, params as Attached, page));
    if (method === 'Target.detachedFromTarget') guarded('a target that is gone', () => this.#detached(parent, (params as Detached).sessionId));
  }

  /** Follows what the test does to the requests of a context by `route`. */
  followContext(context: BrowserContext): void {
    followRoutes(context, (routed, method, url) => this.#book.routed(method, url, routed));
  }

  /** What came of a download, told by the one who has its file. */
  saved(url: string, body: Body): void {
    this.#book.saved(url, body);
  }

  /** The frames of a page as they are painted. */
  screencast(page: Page): ScreencastSource | undefined {
    const targetId = targetOf(page);
    return targetId === undefined ? undefined : this.#recorded.get(targetId)?.page?.screencast;
  }

  /** The session of a page, which its recorders share. */
  page(page: Page): PageSession | undefined {
    const targetId = targetOf(page);
    return targetId === undefined ? undefined : this.#recorded.get(targetId)?.page?.session;
  }

  /** Waits for what the pages have told by now, and then for the end of bodies that are arriving. */
  async arriving(bound_ms: number): Promise<void> {
    const deadline = Date.now() + bound_ms;
    if (this.#book.hasOpen) await atMost(bound_ms, this.#heard());
    for (const { network } of this.#recorded.values()) network.unread();
    await this.#book.arriving(Math.max(0, deadline - Date.now()));
  }

  /**
   * An answer that comes after everything its target told before. A page may go on, and its test end, when it gives up
   * a request; on a busy machine the browser's word of that came after the test's last line.
   */
  async #heard(): Promise<unknown> {
    return await Promise.all([...this.#recorded.values()].map(async ({ own }) => await own.send('Runtime.evaluate', { expression: '0' }).catch(() => undefined)));
  }

  /** Writes what is known about requests that have not ended. */
  settle(session: Session): void {
    this.#book.settle(session);
  }

  #attached(parent: Cdp, { sessionId, targetInfo: info, waitingForDebugger }: Attached, page: string | undefined): void {
    if (info.type === 'service_worker') this.states.worker(info);
    const known = this.#recorded.get(info.targetId);
    if (known && !known.durable && parent === this.#root && !waitingForDebugger && KEPT.has(info.type)) return this.#keepsBodies(known, parent, sessionId);
    const handlers: CdpListener[] = [];
    const cdp = parent.child(sessionId, (method, params) => {
      for (const handle of handlers) guarded(`the event ${method}`, () => handle(method, params));
    });
    if (!cdp) return;
    const below = info.type === 'page' ? info.targetId : page;
    handlers.push((method, params) => this.route(cdp, method, params, below));
    const recorded = RECORDED.has(info.type) && !/^(chrome|chrome-untrusted|devtools):/.test(info.url);
    if (recorded && !known) this.#record(sessionId, cdp, info, below, handlers);
    if (NAVIGATES.has(info.type)) this.#followState(recorded, parent, cdp, sessionId, info, handlers);
    tell(cdp, 'Target.setAutoAttach', ATTACH);
    const kept = known?.kept ?? (recorded ? this.#keep(info) : undefined);
    if (waitingForDebugger) void letGo(cdp, kept);
  }

  /** Asks for the second session of a target. It is told as an event before this resolves. */
  #keep({ targetId, type }: TargetInfo): Promise<unknown> | undefined {
    if (!KEPT.has(type)) return undefined;
    const kept = atMost(KEEP_MS, this.#root.send('Target.attachToTarget', { targetId, flatten: true }));
    const recorded = this.#recorded.get(targetId);
    if (recorded) recorded.kept = kept;
    return kept;
  }

  #followState(recorded: boolean, parent: Cdp, cdp: Cdp, sessionId: string, info: TargetInfo, handlers: CdpListener[]): void {
    if (!recorded || this.#current()?.settings.state === false) return this.states.unfollowed(info);
    const target = this.states.attach(parent, cdp, sessionId, info);
    handlers.push((method, params) => target.event(method, params));
    target.enable();
  }

  #record(sessionId: string, own: Cdp, info: TargetInfo, page: string | undefined, handlers: CdpListener[]): void {
    const pageOnly = info.type === 'page' ? { session: new PageSession(own), screencast: new ScreencastSource(own, this.#current) } : undefined;
    const worker = NAVIGATES.has(info.type) ? undefined : info.type;
    const network = new NetworkTarget({
      book: this.#book,
      current: this.#current,
      turnstile: this.#turnstile,
      sources: (): Sources => ({ own, durable: recorded.durable, kept: () => this.#kept(recorded) }),
      where: (session, frameId): Payload => ({ ...placeOf(this.#browser, session, page, frameId), ...(worker === undefined ? {} : { worker }) }),
    });
    const recorded: Recorded = { sessionId, own, network, durable: undefined, kept: undefined, ...(pageOnly ? { page: pageOnly } : {}) };
    this.#recorded.set(info.targetId, recorded);
    handlers.push((method, params) => network.event(method, params));
    tell(own, 'Network.enable', { ...BUFFERS, maxPostDataSize: MAX_POST_DATA });
    if (!pageOnly) return;
    const { session, screencast } = pageOnly;
    handlers.push((method, params) => session.event(method, params));
    handlers.push((method, params) => screencast.event(method, params));
    screencast.enable();
  }

  /**
   * Bodies that outlive their document need a session of their own: one that keeps them hands out none that a worker,
   * `page.route` or a blob made, and no beginning of a stream. It enables nothing else, so it sends no events.
   */
  #keepsBodies(recorded: Recorded, parent: Cdp, sessionId: string): void {
    const cdp = parent.child(sessionId, () => undefined);
    if (!cdp) return;
    recorded.durable = cdp;
    cdp.send('Network.configureDurableMessages', BUFFERS).catch(() => {
      // A release without it: what is left is what the page's own process keeps.
      recorded.durable = undefined;
    });
  }

  /**
   * What the pages keep their bodies with: the asker's own, then the oldest, which is the least likely to be closing. Never a
   * worker's, because a stopped one keeps its sessions and the browser does not bear the question there.
   */
  #kept(asker: Recorded): Cdp[] {
    const others = [...this.#recorded.values()].filter((other) => other !== asker);
    return [asker, ...others].flatMap(({ page, durable }) => (page && durable ? [durable] : []));
  }

  #detached(parent: Cdp, sessionId: string): void {
    parent.ended(sessionId);
    this.states.detach(sessionId);
    for (const [targetId, recorded] of this.#recorded) {
      if (recorded.sessionId !== sessionId) continue;
      recorded.page?.screencast.end();
      this.#recorded.delete(targetId);
      recorded.network.gone();
    }
  }
}

/** Lets a target run once its bodies are kept: a worker that fetches at once would lose its first one otherwise. */
async function letGo(cdp: Cdp, kept: Promise<unknown> | undefined): Promise<void> {
  await kept;
  tell(cdp, 'Runtime.runIfWaitingForDebugger');
}

/** Sends without waiting; a target that is gone by then needs nothing any more. */
export function tell(cdp: Cdp, method: string, params?: object): void {
  cdp.send(method, params).catch((cause: unknown) => {
    if (process.env['MOLAR_TRACE_DEBUG'] === '1') problems.add(method, cause);
  });
}

/** Connects to a browser, or `undefined` where there is no such connection: not Chromium, or a remote one. */
export async function connectHub(browser: Browser, current: Current): Promise<Hub | undefined> {
  if (browser.browserType().name() !== 'chromium') return undefined;
  const session = await quietly(browser, async () => await browser.newBrowserCDPSession());
  const root = wrapSession(session);
  if (!root) return undefined;
  const hub = new Hub(implementationOf(browser), root, current);
  session.on('Target.attachedToTarget', (params) => hub.route(root, 'Target.attachedToTarget', params));
  session.on('Target.detachedFromTarget', (params) => hub.route(root, 'Target.detachedFromTarget', params));
  await hub.start();
  return hub;
}
