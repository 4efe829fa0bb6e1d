import type { Browser, Page } from '@playwright/test';
import { quietly } from '../dom/quiet.js';
import { guidOf } from '../identities.js';
import { ScreencastSource } from '../media/screencast.js';
import { implementationOf, property } from '../playwright/privates.js';
import { guarded, problems } from '../problems.js';
import type { Session } from '../session.js';
import { HubStates } from '../state/hub-states.js';
import type { Cdp } from './cdp-session.js';
import { wrapSession } from './cdp-session.js';
import { RequestBook } from './book.js';
import { NetworkTarget } from './target.js';

/** What Chromium tells about a target. */
export interface TargetInfo {
  readonly targetId: string;
  readonly type: string;
  readonly url: string;
  readonly browserContextId?: string;
}

const RECORDED = new Set(['page', 'iframe', 'worker', 'shared_worker', 'service_worker']);
const ATTACH = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true };

/** The session of the moment; events of a time without one are nobody's. */
export type Current = () => Session | undefined;

/**
 * Our own debugging connection to one Chromium, over the pipe Playwright already has. It attaches to every target
 * before its first line runs, out-of-process frames, popups and all workers included, and lets each go at once.
 */
export class Hub {
  readonly #current: Current;
  readonly #book: RequestBook;
  readonly #pages = new Map<string, string>();
  readonly #screencasts = new Map<string, ScreencastSource>();
  /** What knows the state of the pages. */
  readonly states: HubStates;

  constructor(current: Current, root: Cdp) {
    this.#current = current;
    this.states = new HubStates(root);
    this.#book = new RequestBook();
  }

  /** Begins to attach. Resolves when targets that exist already have been told. */
  async start(root: Cdp): Promise<void> {
    await root.send('Target.setAutoAttach', ATTACH);
  }

  /** Handles an event of a session above some targets. */
  route(parent: Cdp, method: string, params: unknown): void {
    if (method === 'Target.detachedFromTarget') this.states.detach((params as { sessionId: string }).sessionId);
    if (method !== 'Target.attachedToTarget') return;
    const event = params as { sessionId: string; targetInfo: TargetInfo; waitingForDebugger: boolean };
    guarded('a new target', () => this.#attached(parent, event.sessionId, event.targetInfo, event.waitingForDebugger));
  }

  /** Which Playwright page a target is, told once both are known. */
  knowPage(page: Page): void {
    const targetId = targetOf(page);
    if (targetId !== undefined) this.#pages.set(targetId, guidOf(page));
  }

  /** The frames of a page as they are painted. */
  screencast(page: Page): ScreencastSource | undefined {
    const targetId = targetOf(page);
    return targetId === undefined ? undefined : this.#screencasts.get(targetId);
  }

  /** Writes what is known about requests that have not ended. */
  settle(session: Session): void {
    this.#book.settle(session);
  }

  #attached(parent: Cdp, sessionId: string, info: TargetInfo, waiting: boolean): void {
    const handlers: ((method: string, params: unknown) => void)[] = [];
    const cdp = parent.child(sessionId, (method, params) => {
      for (const handle of handlers) guarded(`the event ${method}`, () => handle(method, params));
    });
    if (!cdp) return;
    handlers.push((method, params) => this.route(cdp, method, params));
    const recorded = RECORDED.has(info.type) && !/^(chrome|chrome-untrusted|devtools):/.test(info.url);
    if (recorded) this.#record(cdp, info, handlers);
    if (recorded && (info.type === 'page' || info.type === 'iframe')) this.#followState(parent, cdp, sessionId, info, handlers);
    tell(cdp, 'Target.setAutoAttach', ATTACH);
    if (waiting) tell(cdp, 'Runtime.runIfWaitingForDebugger');
  }

  #followState(parent: Cdp, cdp: Cdp, sessionId: string, info: TargetInfo, handlers: ((method: string, params: unknown) => void)[]): void {
    if (this.#current()?.settings.state === false) return;
    const target = this.states.attach(parent, cdp, sessionId, info);
    handlers.push((method, params) => target.event(method, params));
    target.enable();
  }

  #record(cdp: Cdp, info: TargetInfo, handlers: ((method: string, params: unknown) => void)[]): void {
    const pageOf = (): string | undefined => (info.type === 'page' ? this.#pages.get(info.targetId) : undefined);
    const target = new NetworkTarget(cdp, this.#book, info.type, pageOf, this.#current);
    handlers.push((method, params) => target.event(method, params));
    target.enable();
    if (info.type !== 'page') return;
    const screencast = new ScreencastSource(cdp, this.#current);
    this.#screencasts.set(info.targetId, screencast);
    handlers.push((method, params) => screencast.event(method, params));
    screencast.enable();
  }
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
  const hub = new Hub(current, root);
  session.on('Target.attachedToTarget', (params) => hub.route(root, 'Target.attachedToTarget', params));
  session.on('Target.detachedFromTarget', (params) => hub.route(root, 'Target.detachedFromTarget', params));
  await hub.start(root);
  return hub;
}

function targetOf(page: Page): string | undefined {
  const id = property(property(implementationOf(page), 'delegate'), '_targetId');
  return typeof id === 'string' ? id : undefined;
}
