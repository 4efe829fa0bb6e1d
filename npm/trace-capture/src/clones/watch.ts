import { meter } from '../governor/index.js';
import type { Session } from '../session.js';
import type { Json, Payload } from '../values.js';
import { describe } from '../values.js';
import type { Answer, CloneClient, LogEntry, Summary } from './client.js';
import { CloneError, isLate } from './client.js';
import { Deliveries } from './deliveries.js';

/** A clock this far off its expected value was moved, not read late. */
const DRIFT_MS = 2_000;
const MAX_COLLECTION = 10_000;
/** Answers in a row that may be late before a clone is given up. What one read missed, the next one tells. */
const MOST_LATE = 3;

/** Follows one clone for one trace: its state, its clock, its chaos, its webhooks, its snapshots. */
export class CloneWatch {
  readonly client: CloneClient;
  readonly #session: Session;
  readonly #only: readonly string[] | undefined;
  readonly #deliveries: Deliveries;
  readonly #collections = new Map<string, readonly unknown[]>();
  readonly #digests = new Map<string, string | undefined>();
  #features: readonly string[] | undefined;
  #etag: string | undefined;
  #logged: number | undefined;
  #clock: { readonly clock_ms: number; readonly wallMs: number } | undefined;
  #seed: string | undefined;
  #dead = false;
  #late = 0;
  #told = false;
  #busy: Promise<void> | undefined;
  /** The read that follows the one under way, shared by all who asked for it. */
  #next: Promise<void> | undefined;

  constructor(session: Session, client: CloneClient, only: readonly string[] | undefined) {
    this.#session = session;
    this.client = client;
    this.#only = only;
    this.#deliveries = new Deliveries(session, client.name);
  }

  get usable(): boolean {
    return !this.#dead;
  }

  get isReading(): boolean {
    return this.#busy !== undefined || this.#next !== undefined;
  }

  /** Reads whatever has changed until now. One read at a time: what is under way may have missed it, so another one follows. */
  async poll(): Promise<void> {
    if (!this.isReading) return await this.#begin();
    this.#next ??= (this.#busy ?? Promise.resolve()).then(async () => await this.#begin());
    await this.#next;
  }

  /** Whether nothing is under way in the clone; one that does not tell counts as quiet. */
  async quiet(): Promise<boolean> {
    return ((await this.client.health()).in_flight ?? 0) === 0;
  }

  /** Saves the clone's world, for a replay to start from. */
  async save(stepId: string, when: 'before' | 'after'): Promise<void> {
    if (this.#dead || !this.#features?.some((feature) => feature.startsWith('snapshot'))) return;
    await this.#guard(async () => this.#snapshot(await this.client.save(), stepId, when));
  }

  async #begin(): Promise<void> {
    this.#next = undefined;
    this.#busy = this.#read().finally(() => (this.#busy = undefined));
    await this.#busy;
  }

  async #read(): Promise<void> {
    if (this.#dead) return;
    await this.#guard(async () => {
      if (this.#features === undefined) await this.#meet();
      await this.#readLog();
      await this.#readState();
      if (!this.#features?.includes('events')) await this.#readClock();
    });
  }

  async #meet(): Promise<void> {
    this.#features = (await this.client.health()).features ?? [];
    const { workers } = this.#session.testInfo.config;
    if (workers > 1) {
      this.#session.recorder.notice('clone.shared', 'tests that run in parallel share this clone\'s run: state and webhooks of others may be among these', { source: this.client.name, count: workers });
    }
  }

  async #readState(): Promise<void> {
    const answer = await this.client.summary(this.#etag);
    if (!answer) return;
    await this.#readChanges(answer.summary);
    // Not before: what could not be read whole is to be told as changed the next time as well.
    this.#etag = answer.etag;
  }

  async #readChanges(summary: Summary): Promise<void> {
    this.#writeSeed(summary.seed_digest);
    const names = Object.entries(summary.collections ?? {}).filter(([name]) => this.#only?.includes(name) ?? true);
    const changed = names.filter(([name, { digest }]) => digest === undefined || this.#digests.get(name) !== digest);
    if (changed.length === 0 && this.#digests.size > 0) return;
    for (const [name, { digest, count }] of changed) {
      if ((count ?? 0) <= MAX_COLLECTION) this.#collections.set(name, await this.client.items(name));
      this.#digests.set(name, digest);
    }
    meter.measure('clones', () => {
      this.#writeState(summary);
      this.#deliveries.state(this.#collections);
    });
  }

  /** The clone's own word on its seed, once and whenever it is seeded anew. */
  #writeSeed(seed_digest: string | undefined): void {
    if (seed_digest === undefined || seed_digest === this.#seed) return;
    this.#seed = seed_digest;
    this.#session.append('scenario.event', { name: 'clone.seed', data: { clone: this.client.name, run: this.client.run, seed_digest } });
  }

  #writeState({ epoch = 0, rev = 0, digest = '', clock_ms }: Summary): void {
    const state = JSON.stringify(Object.fromEntries(this.#collections));
    const payload: Payload = { clone: this.client.name, run: this.client.run, epoch, rev, digest, ...(clock_ms === undefined ? {} : { clock_ms }) };
    this.#session.seen.add('clones');
    this.#session.appendContent('clone.state', payload, [{ field: 'state', data: state, mediaType: 'application/json' }]);
  }

  /** The clone's own log tells clock moves and chaos exactly; what it held before this test is skipped. */
  async #readLog(): Promise<void> {
    if (!this.#features?.includes('events')) return;
    const entries = await this.client.log(this.#logged ?? 0);
    const known = this.#logged !== undefined;
    this.#logged = entries.at(-1)?.seq ?? this.#logged ?? 0;
    if (known) for (const entry of entries) this.#writeEntry(entry);
  }

  #writeEntry(entry: LogEntry): void {
    const clone = this.client.name;
    const { type, seq: _seq, at_ms: _at, ...rest } = entry;
    const data = describe(rest) as Payload;
    if (type === 'clock.move') this.#session.append('clock.advance', { clone, from_ms: data['from_ms'] ?? 0, to_ms: data['to_ms'] ?? 0, cause: data['cause'] ?? 'unknown' });
    else if (type === 'chaos.error') this.#session.append('error_injection', { clone, ...data });
    else if (type === 'chaos.latency') this.#session.append('latency_injection', { clone, ...data });
  }

  /** Without a log a moved clock is seen by its running away from ours. */
  async #readClock(): Promise<void> {
    const read = await this.client.clock();
    const clock_ms = read.clock_ms ?? (read.clock === undefined ? undefined : Math.round(read.clock * 1000));
    if (clock_ms === undefined) return;
    const before = this.#clock;
    const wallMs = Date.now();
    this.#clock = { clock_ms, wallMs };
    if (!before) return;
    const running = read.mode === undefined || read.mode === 'running';
    const expected = before.clock_ms + (running ? wallMs - before.wallMs : 0);
    if (Math.abs(clock_ms - expected) > DRIFT_MS) {
      this.#session.append('clock.advance', { clone: this.client.name, from_ms: before.clock_ms, to_ms: clock_ms, cause: 'observed' });
    }
  }

  #snapshot(answer: Answer, stepId: string, when: 'before' | 'after'): void {
    const number = (name: string): number => Number(answer.headers.get(name) ?? 0) || 0;
    const payload: Payload = {
      clone: this.client.name, run: this.client.run, when, epoch: number('x-clone-epoch'), rev: number('x-clone-rev'),
      schema: answer.headers.get('x-clone-schema') ?? 'unknown', clock_ms: Number(answer.headers.get('x-clone-clock-ms')) || this.#clock?.clock_ms || Date.now(),
    };
    this.#session.appendContent('clone.snapshot', payload, [{ field: 'snapshot', data: answer.body, mediaType: 'application/gzip' }], { stepId });
  }

  /** Nobody has used the run yet: all it will ever tell belongs to this test. */
  #startEmpty(): void {
    this.#logged ??= 0;
    this.#deliveries.startEmpty();
  }

  /** A run nobody has used yet is no fault; anything else is told in one notice, and ends the watching of this clone unless it was only late. */
  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#late = 0;
    } catch (cause) {
      const status = cause instanceof CloneError ? cause.status : undefined;
      if (status === 404 && this.#digests.size === 0) this.#startEmpty();
      if (status === 404 || status === 423 || status === 429 || status === 503 || status === 501) return;
      this.#late += 1;
      this.#dead = !isLate(cause) || this.#late >= MOST_LATE;
      if (this.#told) return;
      this.#told = true;
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#session.recorder.notice('clone.unreachable', reason, { source: this.client.name });
    }
  }
}
