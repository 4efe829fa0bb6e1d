import type { Append } from './network/findings.js';
import { Findings } from './network/findings.js';
import type { Order } from './order.js';
import { Pace } from './pace.js';
import { Stall } from './stall.js';
import type { Asked, Found, OriginClass, ReplayPlan, ReplaySource } from './source.js';

/** Who answers a request. */
export type Answerer =
  /** The record; a request that it does not know fails. */
  | 'record'
  /** The record, and where it has nothing the running simulator, which nobody but this replay uses. */
  | 'record-or-live'
  /** The address itself. */
  | 'live';

/** What the parts of one replay share: the record, how far it has come, and what was found on the way. */
export class Replay {
  readonly order: Order;
  readonly plan: ReplayPlan;
  readonly pace: Pace;
  readonly findings: Findings;
  readonly stall: Stall;
  /** What recorded cookies, as `name=value`, are at the running application. */
  readonly cookies: Map<string, string> = new Map();
  readonly #switched: (() => void)[] = [];
  readonly #driven: (() => void)[] = [];
  #strategy: 'fast-forward' | 'restore';
  #source: ReplaySource;
  /** The record with every answer in its turn, also for steps that are not carried out. */
  readonly #ordered: ReplaySource;
  #skipping = true;
  #origin: { readonly replayed: string; readonly recorded: string } | undefined;

  constructor(order: Order, source: ReplaySource, strategy: 'fast-forward' | 'restore', append: Append, ordered: ReplaySource = source) {
    this.order = order;
    this.#strategy = strategy;
    this.#ordered = ordered;
    this.#source = source;
    this.plan = JSON.parse(source.plan()) as ReplayPlan;
    const marks = this.plan.steps.flatMap(({ id, ts_ms }) => (ts_ms === undefined ? [] : [{ id, ts_ms }]));
    this.pace = new Pace(marks.some(({ id }) => id === this.plan.step.id) ? marks : [...marks, this.plan.step]);
    this.findings = new Findings(append);
    this.stall = new Stall(order.stall_ms ?? undefined);
  }

  /** The record as pages ask it now. */
  get source(): ReplaySource {
    return this.#source;
  }

  /** How the steps before the first live one are got over. */
  get strategy(): 'fast-forward' | 'restore' {
    return this.#strategy;
  }

  /** The skipped steps are carried out after all, each answer in its turn. Never after one of them was answered from the tape. */
  driveAgain(): void {
    this.#strategy = 'fast-forward';
    this.#source = this.#ordered;
    for (const listener of this.#driven.splice(0)) listener();
  }

  /** Calls back when the skipped steps are carried out after all. */
  onDriven(listener: () => void): void {
    this.#driven.push(listener);
  }

  /** Whether the steps before the first live one are under way. */
  get skipping(): boolean {
    return this.#skipping;
  }

  /** Whether the browser is being put back. */
  get restoring(): boolean {
    return this.#skipping && this.#strategy === 'restore';
  }

  /** Whether the running application answers from the first live step on. */
  get goesLive(): boolean {
    return this.order.app_mode !== 'recorded';
  }

  /** The first live step begins. What was registered by `onSwitch` is called before this returns, once. */
  goOn(): void {
    if (!this.#skipping) return;
    this.#skipping = false;
    for (const listener of this.#switched.splice(0)) listener();
  }

  /** How long a step took when it was recorded: up to the next one's begin. */
  recordedLength(index: number): number {
    const [own, next] = [index, index + 1].map((wanted) => this.plan.steps.find((step) => step.index === wanted)?.ts_ms);
    return own === undefined || next === undefined ? 0 : Math.max(0, next - own);
  }

  /** Calls back when the first live step begins. */
  onSwitch(listener: () => void): void {
    if (this.#skipping) this.#switched.push(listener);
    else listener();
  }

  /** The application stands elsewhere than when it was recorded. */
  mapOrigin(replayed: string, recorded: string): void {
    if (replayed === recorded) return;
    this.#origin = { replayed, recorded };
    for (const source of new Set([this.source, this.#ordered])) source.mapOrigin(replayed, recorded);
  }

  /** Whether the application stands elsewhere than when it was recorded. */
  get isMoved(): boolean {
    return this.#origin !== undefined;
  }

  /** A recorded address as it is in this replay. */
  replayed(url: string): string {
    const origin = this.#origin;
    return origin && (url === origin.recorded || url.startsWith(`${origin.recorded}/`)) ? origin.replayed + url.slice(origin.recorded.length) : url;
  }

  /** What a clock on the wall showed at this moment of the record. */
  wallNow(): number | undefined {
    return this.wallAt(this.pace.now());
  }

  /** The same for any moment of the record's axis. */
  wallAt(axis_ms: number): number | undefined {
    const { wall_ms_at_step: wall_ms, step } = this.plan;
    return wall_ms === undefined ? undefined : wall_ms - step.ts_ms + axis_ms;
  }

  classOf(url: string): OriginClass {
    // A WebSocket's origin is that of its handshake.
    return this.source.originClass(url.replace(/^ws/, 'http'));
  }

  /** Who answers an address now. */
  answerer(originClass: OriginClass, url: string): Answerer {
    if (originClass === 'passthrough') return 'live';
    if (this.#skipping || originClass === 'third-party') return 'record';
    if (this.goesLive) return this.mayAsk(originClass, url) ? 'live' : 'record';
    // Without one restored for the replay, a clone's address is that of the recorded run, which a replay never touches.
    return originClass === 'clone' && this.order.has_clones === true ? 'record-or-live' : 'record';
  }

  /**
   * Whether a live replay may ask an address of the application or of a simulator. A record made against a server elsewhere must not let
   * a replay change that server: whoever means it names the origin.
   */
  mayAsk(originClass: OriginClass, url: string): boolean {
    const asked = originOf(url);
    const isNamed = (this.order.app_origins ?? []).some((named) => asked !== undefined && originOf(named) === asked);
    return originClass === 'clone' || isHere(url) || isNamed;
  }

  /** Looks a request up, and uses the answer up. */
  find(asked: Omit<Asked, 'phase' | 'atMs'>): Found {
    const atMs = this.pace.now();
    // Pages ask anew for what they last had; the code of a skipped step runs, so its own requests come in order.
    const [source, phase] = !this.restoring ? ([this.source, 'live'] as const) : asked.client === 'test' ? ([this.#ordered, 'live'] as const) : ([this.source, 'restoring'] as const);
    return JSON.parse(source.find({ ...asked, phase, atMs })) as Found;
  }
}

/** Scheme, host and port; a WebSocket's are those of its handshake. */
function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url.replace(/^ws/i, 'http')).origin : undefined;
}

/** Whether an address is on this machine. */
function isHere(url: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  return host === 'localhost' || host.endsWith('.localhost') || /^127\./.test(host) || host === '[::1]';
}
