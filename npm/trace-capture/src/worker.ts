import type { Browser, BrowserContext, TestInfo } from '@playwright/test';
import { startClones } from './clones/poller.js';
import { watchContext } from './contexts.js';
import { DomChannel } from './dom-channel.js';
import { Endpoint } from './events/endpoint.js';
import { finishSession } from './finish.js';
import { followApiRequests } from './network/api-request.js';
import { noteChosenFiles } from './network/chosen-files.js';
import { govern } from './governor/index.js';
import type { Hub } from './network/hub.js';
import { connectHub } from './network/hub.js';
import { captureStdio } from './stdio.js';
import type { Settings } from './options/index.js';
import { settings } from './options/index.js';
import { recordParameters } from './parameters.js';
import { placement } from './placement.js';
import type { Attempt } from './policy.js';
import { planOf } from './policy.js';
import { afterwards } from './playwright/hidden-frames.js';
import { listen, stepIdOf } from './playwright/privates.js';
import type { RawTestInfo } from './playwright/privates.js';
import { standInForLaunches } from './playwright/public-acts.js';
import { tellSteps } from './playwright/public-hooks.js';
import { hookTest, hookTestPublicly } from './playwright/test-hooks.js';
import { problems, guarded, guardedAsync } from './problems.js';
import { TraceRecorder } from './recorder.js';
import { redactionRules } from './redaction.js';
import { linkReport } from './report-link.js';
import { seedTest } from './rng.js';
import { shareRunId } from './run-info.js';
import { runStart } from './run-start.js';
import { attachmentEvent, publicAttachments } from './attachments.js';
import { Screenshots, failureScreenshot } from './media/screenshots.js';
import { OwnZip } from './media/playwright-zip.js';
import { Videos } from './media/video.js';
import { checkHooks } from './self-check.js';
import { contextBegins, contextEnds, followUsersTrace, watchBrowser, watchLeaving } from './leaving.js';
import { Session, rootOf } from './session.js';
import { cloneSeeds } from './clones/seeds.js';
import { asRecorded, followReplay, offerContext, replayGuest } from './replay-port.js';
import { Pending, atMost } from './wait.js';
import { StateChannel } from './state/channel.js';

/** Longest the recorder may hold the runner when it sets up or ends a test, as a share of the test's own timeout. */
const SHARE = 0.4;
/** Longest a test may be held at its end, unless twice the patience chosen for a closing context is more. */
const FINISH_MS = 6_000;
/** Longest shipping of what is left may take of that; the rest stays in the spool for the next process. */
const SHIP_MS = 2_500;

/**
 * The share of `drain_ms` that a closing context waits for the end of bodies that are arriving; a few milliseconds as a
 * rule, but a body that never ends costs all of it.
 */
const ARRIVE_SHARE = 1 / 12;

/** What the recorder's queue holds at least; several bodies of the largest size have room in it at any rate. */
const QUEUE_BYTES = 64 * 1024 * 1024;

/** The recording side of one worker process: the test of the moment, and the browsers it has seen. */
export class Worker {
  readonly #hubs = new WeakMap<Browser, Promise<Hub | undefined>>();
  readonly #browsers = new Set<Browser>();
  readonly #contexts = new Set<BrowserContext>();
  /** What each context's beginning waits for. */
  readonly #watched = new WeakMap<BrowserContext, Promise<void>>();
  readonly #sessions = new WeakMap<TestInfo, Session>();
  readonly #ended = new WeakSet<TestInfo>();
  readonly #begun = new WeakSet<TestInfo>();
  readonly #endsWithFixture = new WeakSet<TestInfo>();
  /** Traces that have their end and are being made into their finished form. */
  readonly #finishing = new Pending();
  /** Whether nobody will wait for those any more. */
  #told = false;
  /** Longest the end of the last test may take. */
  #bound_ms = FINISH_MS;
  #playwright: unknown;
  #instrumented = false;
  #stdio = false;
  #endpoint: Endpoint | undefined;
  /** Whether a browser of this worker sends us its frames. */
  #filming = false;
  current: Session | undefined;

  /** Whether the client's instrumentation is available; the public ways are used where it is not. */
  get instrumented(): boolean {
    return this.#instrumented;
  }

  get contexts(): readonly BrowserContext[] {
    return [...this.#contexts];
  }

  /** Hooks the Playwright client of this process, once. */
  attach(playwright: unknown): void {
    if (this.#playwright === playwright) return;
    this.#playwright = playwright;
    replayGuest()?.playwrightReady(playwright);
    this.#instrumented = !settings().public_hooks && this.#listen(playwright);
    if (this.#instrumented) return;
    standInForLaunches(playwright, {
      browser: (browser) => void this.browserReady(browser as Browser),
      context: (context) => void this.contextCreated(context as BrowserContext).catch(() => undefined),
      requests: (context) => guarded('a request context', () => followApiRequests(context, () => this.current)),
    });
  }

  #listen(playwright: unknown): boolean {
    return listen(playwright, {
      onApiCallBegin: (call, channel) => guarded('an API call', () => this.#apiBegin(call, channel)),
      onApiCallEnd: (call) => guarded('an API call', () => this.#apiEnd(call)),
      runBeforeCreateBrowserContext: async (options) =>
        guarded('a new context', () => {
          Videos.ask(this.current, options, this.#filming);
          this.#askHeader(options);
        }),
      runBeforeCreateRequestContext: async (options) => guarded('a request context', () => this.#askHeader(options)),
      runAfterCreateBrowserContext: async (context) => await this.contextCreated(context as BrowserContext),
      runBeforeCloseBrowserContext: async (context) => await this.contextClosing(context as BrowserContext),
      runAfterCreateRequestContext: async (context) => guarded('a request context', () => followApiRequests(context, () => this.current)),
      runBeforeCloseRequestContext: async () => await this.#drain(),
    });
  }

  /** Opens the way in for events of other processes, before a test can start any. */
  async openEndpoint(): Promise<void> {
    const { enabled, events_endpoint } = settings();
    if (this.#endpoint || !enabled || !events_endpoint) return;
    const endpoint = new Endpoint(() => this.current);
    if (await endpoint.open()) this.#endpoint = endpoint;
  }

  /** Begins the trace of a test. Called again for hooks of the same test, where it does nothing. */
  begin(testInfo: TestInfo, use: unknown): void {
    if (this.#sessions.has(testInfo) || this.#ended.has(testInfo)) return;
    const chosen = asRecorded(settings({ use, file: testInfo.file, annotations: testInfo.annotations }));
    const attempt = { testId: testInfo.testId, runId: shareRunId(), retry: testInfo.retry };
    const plan = replayGuest() ? 'record' : planOf(chosen, attempt);
    if (plan === 'leave') return;
    const session = guarded('starting a trace', () => this.#open(testInfo, chosen, plan === 'hold' ? attempt : undefined));
    if (!session) return;
    this.#sessions.set(testInfo, session);
    this.current = session;
    guarded('starting a trace', () => this.#start(session));
  }

  /** Ends the trace of a test, once. The wait is bounded well below what the runner allows. */
  async end(testInfo: TestInfo): Promise<void> {
    const session = this.#sessions.get(testInfo);
    if (!session || this.#ended.has(testInfo)) return;
    this.#ended.add(testInfo);
    guarded('the self-check', () => checkHooks(session, this.#instrumented));
    tellSteps(undefined);
    this.#bound_ms = boundOf(testInfo, Math.max(FINISH_MS, 2 * session.settings.drain_ms));
    await guardedAsync('ending a trace', async () => await finishSession(session, this, this.#bound_ms));
    if (this.current === session) this.current = undefined;
  }

  /** Takes the last work on a trace. It is waited for where the worker is about to end, or where it may not go on by itself. */
  async finishing(work: Promise<unknown>, mayGoOn: boolean, bound_ms: number): Promise<void> {
    // One at a time, so that a slow disk does not gather traces.
    await this.#finishing.drain(bound_ms);
    this.#finishing.add('the end of a trace', work);
    if (!mayGoOn || this.#told) await work;
  }

  /** The worker process is about to end: nothing may come in any more, and whatever went wrong is told in one line. */
  async tell(): Promise<void> {
    this.#told = true;
    await this.#finishing.drain(this.#bound_ms);
    this.#endpoint?.close();
    this.#endpoint = undefined;
    const told = problems.take();
    if (told !== undefined) process.stderr.write(`${told}\n`);
  }

  /** Hooks for several tests are over, the test's own part begins. */
  bodyBegins(testInfo: TestInfo): void {
    this.#begun.add(testInfo);
  }

  /** Our fixture is torn down. Only where the better moment is unknown does the trace end here, without what comes after. */
  async fixtureDone(testInfo: TestInfo): Promise<void> {
    if (!this.#endsWithFixture.has(testInfo) || !this.#begun.has(testInfo)) return;
    const session = this.#sessions.get(testInfo);
    if (session) guarded('what reporters get', () => reportTo(session));
    await this.end(testInfo);
  }

  /** Watches a browser's contexts; with the instrumentation this only makes sure of the network recording. */
  async browserReady(browser: Browser): Promise<void> {
    // Whoever waits for the context hears of a replay that did not get hold of it.
    browser.on('context', (context) => void this.contextCreated(context).catch(() => undefined));
    await atMost(2_000, this.hub(browser));
  }

  /**
   * A context exists and its creator has not got it yet. Playwright tells of it twice, first by an event that waits for nobody. What a
   * recorder asks the browser for goes ahead of what the test asks, so nothing has to wait; a replay has to stand
   * between the context and the network first, so there the second call waits for what the first began.
   */
  async contextCreated(context: BrowserContext): Promise<void> {
    const known = this.#watched.get(context);
    if (known && !replayGuest()) return;
    const begun = known ?? this.#contextBegins(context);
    this.#watched.set(context, begun);
    await begun;
  }

  async #contextBegins(context: BrowserContext): Promise<void> {
    const session = this.current;
    this.#contexts.add(context);
    contextBegins(context);
    context.on('close', () => this.#contexts.delete(context));
    await offerContext(context);
    if (!session) return;
    const ready = guardedAsync('a new context', async () => {
      guarded('a request context', () => followApiRequests(context.request, () => this.current));
      await watchContext(context, session, this);
      await replayGuest()?.contextReady(context);
    });
    await atMost(boundOf(session.testInfo, 3_000), ready);
  }

  async contextClosing(context: BrowserContext): Promise<void> {
    contextEnds(context);
    const session = this.current;
    if (!session) return;
    const bound = boundOf(session.testInfo, session.settings.drain_ms);
    const drained = guardedAsync('closing a context', async () => {
      session.pending.add('the last state', StateChannel.last(session, context));
      session.pending.add('bodies that arrive', this.arriving(context, bound));
      Screenshots.flush(session);
      await Promise.all([DomChannel.flush(context, bound), this.#drain()]);
      await OwnZip.stop(context, session);
    });
    await atMost(bound, drained);
  }

  /** The network recording of a browser: one connection per browser, shared by its contexts. */
  hub(browser: Browser): Promise<Hub | undefined> {
    const known = this.#hubs.get(browser);
    if (known) return known;
    const hub = guardedAsync('the network recording', async () => await connectHub(browser, () => this.current)).then((found) => {
      this.#filming ||= found !== undefined;
      return found ?? undefined;
    });
    this.#hubs.set(browser, hub);
    // A browser that is gone still owes the record what it left unanswered, so `settle` is what forgets it.
    this.#browsers.add(browser);
    // Closing a browser closes its contexts without a word to anybody, so what they hold is fetched before.
    watchBrowser(browser, () => this.current);
    browser.close = afterwards(browser.close.bind(browser), async () => {
      await Promise.all(browser.contexts().map(async (context) => await this.contextClosing(context)));
    });
    return hub;
  }

  /** Waits for what a context's browser is about to tell of requests, for a share of the patience given. */
  async arriving(context: BrowserContext, bound_ms: number): Promise<void> {
    const browser = context.browser();
    await (browser && (await this.#hubs.get(browser)))?.arriving(bound_ms * ARRIVE_SHARE);
  }

  /** Writes what is known about requests that never ended. */
  async settle(session: Session): Promise<void> {
    for (const browser of this.#browsers) {
      (await this.hub(browser))?.settle(session);
      if (!browser.isConnected()) this.#browsers.delete(browser);
    }
  }

  #open(testInfo: TestInfo, chosen: Settings, held: Attempt | undefined): Session | undefined {
    const directory = rootOf(testInfo);
    const place = placement(chosen, directory);
    const recorder = TraceRecorder.open({
      ...place,
      wallMs: Date.now(),
      runStart: JSON.stringify(runStart(testInfo, chosen, directory, cloneSeeds(process.env))),
      hold: held !== undefined,
      limits: { finishTimeoutMs: boundOf(testInfo, SHIP_MS), queueBytes: Math.max(QUEUE_BYTES, 3 * chosen.max_body_bytes), spoolBytes: chosen.max_trace_bytes },
      redaction: redactionRules(chosen),
      vault: chosen.vault,
      masks: masksOf(chosen),
      ...(chosen.vault_recipient ? { vaultRecipient: chosen.vault_recipient } : {}),
    });
    return recorder ? new Session(testInfo, chosen, recorder, directory, held) : undefined;
  }

  #start(session: Session): void {
    const { testInfo } = session;
    followReplay(session);
    const hooked = session.settings.public_hooks ? { callbacks: false, end: false } : hookTest(testInfo, session, {
      attached: (attachment) => attachmentEvent(session, attachment),
      bodyDone: async () => await this.#bodyDone(session),
      reporting: () => reportTo(session),
      allDone: async () => await this.end(testInfo),
    });
    session.publicly = !hooked.callbacks;
    if (session.publicly) hookTestPublicly(session);
    if (!hooked.end) this.#endsWithFixture.add(testInfo);
    guarded('the parameters of a test', () => recordParameters(session));
    seedTest(session);
    DomChannel.follow(session);
    followUsersTrace(session);
    watchLeaving(() => this.current);
    govern(session, (_, { action, source }) => {
      if (action === 'restored' && source === 'dom') for (const context of this.#contexts) void guardedAsync('the DOM', async () => await DomChannel.resume(context));
    });
    startClones(session);
    this.#endpoint?.testBegins(session);
    if (session.settings.stdio && !this.#stdio) {
      this.#stdio = true;
      captureStdio(() => this.current);
    }
    for (const context of this.#contexts) void guardedAsync('an open context', async () => await watchContext(context, session, this));
  }

  /** Lets a server that was started before the tests know where its events belong. */
  #askHeader(options: Record<string, unknown>): void {
    if (!this.current?.settings.trace_header || !this.#endpoint) return;
    options['extraHTTPHeaders'] = { ...(options['extraHTTPHeaders'] as object | undefined), 'x-molar-trace': this.#endpoint.url };
  }

  async #bodyDone(session: Session): Promise<void> {
    session.pending.add('the last state', StateChannel.last(session));
    const { status, expectedStatus } = session.testInfo;
    if (status === expectedStatus || status === 'skipped') return;
    await atMost(boundOf(session.testInfo, 1_500), failureScreenshot(session));
  }

  #apiBegin(...[call, channel]: Parameters<Session['actions']['apiBegin']>): void {
    const session = this.current;
    if (!session) return;
    session.actions.apiBegin(call, channel);
    noteChosenFiles(session, channel);
  }

  #apiEnd(call: Parameters<Session['actions']['apiEnd']>[0]): void {
    const session = this.current;
    if (!session) return;
    session.seen.add('actions');
    const id = stepIdOf(call);
    const raw = id === undefined ? undefined : (session.testInfo as unknown as RawTestInfo)._stepMap?.get(id);
    session.actions.apiEnd(call, raw);
  }

  async #drain(): Promise<void> {
    const session = this.current;
    if (session) await session.pending.drain(boundOf(session.testInfo, session.settings.drain_ms));
  }
}

/** What nobody told of a test's attachments is read where the runner keeps them; then ours is added. */
function reportTo(session: Session): void {
  if (session.publicly) for (const attached of publicAttachments(session.testInfo)) attachmentEvent(session, attached);
  linkReport(session);
}

/** A wait that can never be what makes a test exceed its timeout. */
export function boundOf(testInfo: TestInfo, wanted_ms: number): number {
  const limit = Math.min(testInfo.timeout || Infinity, testInfo.project.timeout || Infinity);
  return Math.min(wanted_ms, limit * SHARE);
}

/** What people want hidden on pages, as far as the Playwright trace has to know: one mask too many is no leak. */
function masksOf(chosen: Settings): { inputs: boolean; elements: boolean } {
  const { mask_inputs, mask_text, block } = { ...chosen, ...(typeof chosen.dom === 'object' ? chosen.dom : {}) };
  return { inputs: mask_inputs !== undefined && mask_inputs !== 'sensitive', elements: [mask_text, block].some((list) => (list?.length ?? 0) > 0) };
}
