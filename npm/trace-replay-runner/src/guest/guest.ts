import type { Browser, BrowserContext, TestInfo } from '@playwright/test';
import type { ReplayGuest, ReplaySession, ReplayStep } from '@molar/trace-capture';
import { ApiRequests } from './calls/api-requests.js';
import type { Call } from './calls/connection.js';
import { interceptCalls } from './calls/connection.js';
import { PageClock } from './determinism/clock.js';
import { ChunkServer } from './network/chunk-server.js';
import { readSockets } from './network/recorded-sockets.js';
import { Sockets } from './network/sockets.js';
import { Transport } from './network/transport.js';
import type { Order } from './order.js';
import type { Report } from './progress.js';
import { Progress } from './progress.js';
import { Replay } from './replay.js';
import type { Way } from './way.js';
import { wayOf } from './way.js';
import { verdictOf } from './verdict.js';
import { Workers, asServed } from './workers/workers.js';

/** Replays one test: its skipped steps on the record, the rest for real. */
export class Guest implements ReplayGuest {
  readonly runStart: ReplayGuest['runStart'];
  readonly seed: string | undefined;
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
  #session: ReplaySession | undefined;
  #testInfo: TestInfo | undefined;
  #begunAt_ms = 0;
  #step: ReplayStep | undefined;
  #hasCalls = false;

  constructor(order: Order) {
    this.#order = order;
    this.#progress = new Progress(order.progress);
    const append = (kind: string, payload: Readonly<Record<string, unknown>>): void => this.#session?.append(kind, payload);
    this.#way = wayOf(order, append, (report) => this.#progress.tell(report));
    this.#replay = this.#way.replay;
    this.#chunks = new ChunkServer(this.#replay);
    this.#sockets = new Sockets(this.#replay, readSockets(this.#replay.source.sockets()));
    this.#requests = new ApiRequests(this.#replay);
    this.#clock = new PageClock(this.#replay);
    this.#workers = new Workers(() => this.#clock.by_ms);
    const { replay_id: id, from_step, strategy, app_mode } = order;
    this.seed = this.#replay.plan.seed ?? undefined;
    this.runStart = { parent_trace_id: this.#replay.plan.trace_id, replay: { id, from_step, strategy, app_mode } };
  }

  playwrightReady(playwright: unknown): void {
    this.#hasCalls = interceptCalls(playwright, (call) => this.#called(call));
  }

  testBegins(testInfo: TestInfo, session: ReplaySession): void {
    this.#session = session;
    this.#testInfo = testInfo;
    this.#begunAt_ms = performance.now();
    this.#clock.begin();
    const base = testInfo.project.use.baseURL;
    this.#requests.base = base;
    const recorded = this.#replay.plan.base_url;
    if (base && recorded) this.#replay.mapOrigin(new URL(base).origin, new URL(recorded).origin);
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
    if (index < this.#order.from_step) return this.#progress.tell({ state: 'skipping', step: index });
    if (!this.#replay.skipping) return this.#progress.tell({ state: 'running', step: index });
    this.#way.arrive(() => {
      this.#goOn();
      this.#progress.tell({ state: 'running', step: index });
    });
  }

  stepEnds(_step: ReplayStep): void {
    // A step's end moves nothing: what follows it is told by the next one's begin.
  }

  async testEnds(): Promise<void> {
    const testInfo = this.#testInfo;
    this.#replay.pace.end();
    await this.#chunks.close();
    // A spec may ask for attempts of its own beyond the one that is replayed; those say nothing about it.
    if (!testInfo || testInfo.retry > 0) return;
    const verdict = verdictOf({ testInfo, replay: this.#replay, step: this.#step, left: this.#way.left });
    if (verdict.state === 'diverged' && verdict.code) this.#session?.append('replay.divergence', { code: verdict.code, message: verdict.message ?? '', channel: verdict.code === 'NETWORK_MISS' ? 'network' : 'steps' });
    this.#progress.tell({ ...verdict, detail: { ...verdict.detail, ...this.#way.figures, network: this.#replay.findings.tally } });
  }

  #goOn(): void {
    const { replay_id, from_step, app_mode } = this.#order;
    const { reason } = this.#way;
    this.#session?.append('replay.start', {
      replay_id, parent_trace_id: this.#replay.plan.trace_id, from_step, strategy: this.#replay.strategy, app_mode,
      took_ms: Math.round(performance.now() - this.#begunAt_ms), ...(reason === undefined ? {} : { reason }),
    });
    this.#replay.goOn();
    this.#clock.arrive();
    for (const context of this.#clock.contexts) this.#workers.arrive(context);
  }

  #transport(browser: Browser): Promise<Transport> {
    const known = this.#transports.get(browser);
    if (known) return known;
    const opened = Transport.open(browser, this.#replay, this.#chunks, this.#workers);
    this.#transports.set(browser, opened);
    return opened;
  }

  #called(call: Call): Promise<unknown> | undefined {
    return this.#way.intercept(call, () => this.#requests.intercept(call));
  }

  #blocked(code: NonNullable<Report['code']>, message: string): Error {
    this.#progress.tell({ state: 'blocked', code, message });
    return new Error(`${code}: ${message}`);
  }
}
