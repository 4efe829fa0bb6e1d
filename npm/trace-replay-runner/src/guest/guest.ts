import type { Browser, BrowserContext, TestInfo } from '@playwright/test';
import type { ReplayGuest, ReplaySession, ReplayStep } from '@molar/trace-capture';
import { ApiRequests } from './calls/api-requests.js';
import type { Call } from './calls/connection.js';
import { interceptCalls } from './calls/connection.js';
import { PageClock } from './determinism/clock.js';
import { Hold } from './hold.js';
import { ChunkServer } from './network/chunk-server.js';
import { TAKEN } from './network/live-header.js';
import { readSockets } from './network/recorded-sockets.js';
import { Sockets } from './network/sockets.js';
import { Transport } from './network/transport.js';
import type { Order } from './order.js';
import type { Report } from './progress.js';
import { Progress } from './progress.js';
import { quietly } from './quietly.js';
import { Relay } from './relay.js';
import { Replay } from './replay.js';
import type { Way } from './way.js';
import { wayOf } from './way.js';
import { appears, bringServer } from './server.js';
import { verdictOf } from './verdict.js';
import { Workers, asServed } from './workers/workers.js';

/** More names than these help nobody. */
const MOST_NAMED = 5;

/** Replays one test: its skipped steps on the record, the rest for real. */
export class Guest implements ReplayGuest {
  readonly runStart: ReplayGuest['runStart'];
  readonly seed: string | undefined;
  readonly isOnRecord: boolean;
  readonly #order: Order;
  readonly #progress: Progress;
  readonly #replay: Replay;
  readonly #way: Way;
  readonly #chunks: ChunkServer;
  readonly #sockets: Sockets;
  readonly #requests: ApiRequests;
  readonly #clock: PageClock;
  readonly #workers: Workers;
  readonly #transports = new WeakMap<Browser, Promise<Transport>>();
  readonly #hold: Hold | undefined;
  readonly #waitsForServer: boolean;
  readonly #contexts: BrowserContext[] = [];
  /** Whether it was told that the replay cannot begin, which stays the last word. */
  #isBlocked = false;
  #standsStill: string | undefined;
  #session: ReplaySession | undefined;
  #testInfo: TestInfo | undefined;
  #isReplayed = true;
  #begunAt_ms = 0;
  #step: ReplayStep | undefined;
  #hasCalls = false;
  /** What the body of the step that begins has to wait for. */
  #gate: Promise<void> | undefined;

  constructor(order: Order) {
    this.#order = order;
    this.#progress = new Progress(order.progress);
    const append = (kind: string, payload: Readonly<Record<string, unknown>>): void => this.#session?.append(kind, payload);
    const brings = order.server_fast_forward === true && order.app_mode !== 'recorded';
    this.#way = wayOf(order, append, (report) => this.#progress.tell(report), brings ? async () => await this.#bring() : undefined);
    this.#waitsForServer = brings;
    this.#replay = this.#way.replay;
    this.#chunks = new ChunkServer(this.#replay);
    this.#sockets = new Sockets(this.#replay, readSockets(this.#replay.source.sockets()));
    this.#requests = new ApiRequests(this.#replay, (asked) => this.#session?.asks?.(asked));
    this.#clock = new PageClock(this.#replay);
    this.#workers = new Workers(() => this.#clock.by_ms);
    if (order.hold) this.#hold = new Hold(order.hold);
    const { replay_id: id, from_step, strategy, app_mode } = order;
    this.isOnRecord = order.is_on_record === true;
    this.seed = this.#replay.plan.seed ?? undefined;
    this.runStart = { parent_trace_id: this.#replay.plan.trace_id, replay: { id, from_step, strategy, app_mode, ...(this.isOnRecord ? { on_record: true } : {}) } };
  }

  playwrightReady(playwright: unknown): void {
    this.#hasCalls = interceptCalls(playwright, (call) => this.#called(call));
  }

  testBegins(testInfo: TestInfo, session: ReplaySession): void {
    this.#session = session;
    this.#testInfo = testInfo;
    this.#isReplayed = testInfo.retry === 0;
    // A test may do otherwise in a later attempt, as the recorded one did.
    if (this.#isReplayed) testInfo.retry = this.#replay.plan.test.retry;
    this.#begunAt_ms = performance.now();
    this.#clock.begin();
    const base = testInfo.project.use.baseURL;
    this.#requests.base = base;
    const recorded = this.#replay.plan.base_url;
    if (base && recorded) this.#replay.mapOrigin(new URL(base).origin, new URL(recorded).origin);
    this.#replay.stall.watch(() => void this.#stalled());
    this.#progress.tell({ state: this.#replay.strategy === 'restore' ? 'restoring' : 'skipping' });
  }

  async contextOpens(context: BrowserContext): Promise<void> {
    const { blocked } = this.#way;
    if (blocked) throw this.#blocked(blocked.code, blocked.message);
    const browser = context.browser();
    if (browser?.browserType().name() !== 'chromium') throw this.#blocked('BROWSER_MISSING', 'a replay needs Chromium, since only there can all requests of a test be answered out of the record; run it with a Chromium project');
    if (!this.#hasCalls) throw this.#blocked('BROWSER_MISSING', 'this release of Playwright has no place to answer its calls at; run the replay with a release that the recorder knows');
    const [transport] = await Promise.all([this.#transport(browser), this.#sockets.install(context), this.#workers.install(context)]);
    await transport.permit(context);
    this.#hold?.opened(context);
    this.#contexts.push(context);
    context.on('response', (response) => {
      if (this.#replay.skipping) return;
      const { findings } = this.#replay;
      findings.answered(response.request().method(), response.url(), response.status());
      if (response.headers()[TAKEN] !== undefined) findings.clock.taken += 1;
    });
    this.#way.opened(context, transport);
  }

  async contextReady(context: BrowserContext): Promise<void> {
    await this.#clock.install(context);
  }

  asServed(body: Buffer): Buffer {
    return asServed(body);
  }

  stepBegins(step: ReplayStep): void {
    this.#replay.pace.stepBegins(step.id);
    const { index } = step;
    if (index === undefined) return;
    this.#step = step;
    this.#replay.stall.stepBegins(this.#replay.recordedLength(index));
    if (index < this.#order.from_step) return this.#progress.tell({ state: 'skipping', step: index });
    if (!this.#replay.skipping) return this.#progress.tell({ state: 'running', step: index });
    this.#gate = new Promise((go, stay) => {
      this.#way.arrive(() => {
        this.#goOn();
        this.#progress.tell({ state: 'running', step: index });
        if (this.#hold) this.#held(this.#hold, step).then(go, stay);
        else go();
      });
    });
    this.#gate.catch(() => undefined);
  }

  bodyBegins(): Promise<void> | undefined {
    const gate = this.#gate;
    this.#gate = undefined;
    return this.#hold || this.#waitsForServer ? gate : undefined;
  }

  stepEnds(_step: ReplayStep): void {
    // A step's end moves nothing: what follows it is told by the next one's begin.
  }

  async testEnds(): Promise<void> {
    const testInfo = this.#testInfo;
    this.#replay.pace.end();
    this.#replay.stall.end();
    await this.#chunks.close();
    // A spec may ask for attempts of its own beyond the one that is replayed; those say nothing about it.
    if (!testInfo || !this.#isReplayed || this.#isBlocked || this.#hold?.isHeld) return;
    const verdict = verdictOf({ testInfo, replay: this.#replay, step: this.#step, left: this.#way.left, standsStill: this.#standsStill, hasBrowser: this.#contexts.length > 0 });
    if (verdict.state === 'diverged' && verdict.code) this.#session?.append('replay.divergence', { code: verdict.code, message: verdict.message ?? '', channel: verdict.code === 'NETWORK_MISS' ? 'network' : 'steps' });
    this.#progress.tell({ ...verdict, detail: { ...verdict.detail, ...this.#way.figures, network: this.#replay.findings.tally, clock: this.#replay.findings.clock } });
  }

  #goOn(): void {
    const { replay_id, from_step, app_mode, edits = [] } = this.#order;
    const { reason } = this.#way;
    this.#session?.append('replay.start', {
      replay_id, parent_trace_id: this.#replay.plan.trace_id, from_step, strategy: this.#replay.strategy, app_mode,
      took_ms: Math.round(performance.now() - this.#begunAt_ms), ...(reason === undefined ? {} : { reason }), ...(edits.length === 0 ? {} : { edits }),
    });
    this.#replay.stall.end();
    this.#replay.goOn();
    this.#clock.arrive();
    for (const context of this.#contexts) this.#workers.arrive(context);
  }

  /** Brings the running application to where the skipped steps left it, and has the clones put back that it called meanwhile. */
  async #bring(): Promise<void> {
    this.#replay.stall.end();
    const { sent, otherwise } = await bringServer(this.#replay, this.#contexts);
    for (const { message, recorded_seq } of otherwise) this.#session?.append('replay.divergence', { code: 'SERVER_DIVERGED', message, channel: 'network', recorded_seq });
    this.#replay.findings.refuse(otherwise[0]?.message);
    const { clones_restored: file } = this.#order;
    const words = otherwise.slice(0, MOST_NAMED).map(({ message }) => message).join('; ');
    this.#progress.tell({
      state: 'skipping', message: `${sent} changes of the skipped steps were sent to the running application${words === '' ? '' : `, ${otherwise.length} of all came out otherwise: ${words}`}`,
      ...(otherwise.length > 0 ? { code: 'SERVER_DIVERGED' } : {}), detail: { server: { sent, otherwise }, ...(file ? { awaits: 'clones' } : {}) },
    });
    if (file) await appears(file);
  }

  /** Tells where the browser can be had, and keeps it. The test's time is not its user's time. */
  async #held(hold: Hold, { index, title }: ReplayStep): Promise<void> {
    this.#testInfo?.setTimeout(0);
    const address = await hold.address();
    const browser = this.#contexts[0]?.browser();
    const relay = browser && this.#order.relay ? await Relay.open(this.#order.relay, browser).catch(() => undefined) : undefined;
    const attach = address ? `attach at ${address.cdp} (chromium.connectOverCDP, or chrome://inspect)` : 'its address is not known, because the test did not launch it';
    this.#progress.tell({ state: 'held', ...(index === undefined ? {} : { step: index }), message: `the browser stands at step ${index}, «${title}»; ${attach}. A line on standard input, Ctrl-C or closing its pages ends it`, detail: { ...address } });
    await hold.until().finally(() => relay?.close());
  }

  /** Says what is waited for, and ends the wait: pages that are gone end every call at once. */
  async #stalled(): Promise<void> {
    if (!this.#replay.skipping) return;
    const { pending } = this.#replay.stall;
    const browser = this.#contexts[0]?.browser();
    const workers = browser ? await this.#transport(browser).then(async (transport) => await transport.workers()).catch(() => []) : [];
    const waits = pending.length === 0 ? 'nothing that a replay sees' : pending.slice(0, MOST_NAMED).join(', ');
    this.#standsStill = `it waits for ${waits}${workers.length === 0 ? '' : `; running in the browser: ${workers.slice(0, MOST_NAMED).join(', ')}`}`;
    for (const page of this.#contexts.flatMap((context) => context.pages())) quietly(page, async () => await page.close()).catch(() => undefined);
  }

  #transport(browser: Browser): Promise<Transport> {
    const known = this.#transports.get(browser);
    if (known) return known;
    const opened = Transport.open(browser, this.#replay, this.#chunks, this.#workers);
    this.#transports.set(browser, opened);
    return opened;
  }

  #called(call: Call): Promise<unknown> | undefined {
    const answer = this.#hold?.launching(call) ?? this.#hold?.keeps(call) ?? this.#way.intercept(call, () => this.#requests.intercept(call));
    if (call.internal || !this.#replay.skipping) return answer;
    const done = answer ?? call.proceed();
    const ended = this.#replay.stall.begin(`the call ${call.type}.${call.method}`);
    done.then(ended, ended);
    return done;
  }

  #blocked(code: NonNullable<Report['code']>, message: string): Error {
    this.#isBlocked = true;
    this.#progress.tell({ state: 'blocked', code, message });
    return new Error(`${code}: ${message}`);
  }
}
