import type { Source } from './governor/index.js';
import { meter } from './governor/index.js';
import type { ContentField, Finished, NativeRecorder, RecorderOptions } from './native.js';
import { native } from './native.js';
import { guarded, guardedAsync, problems } from './problems.js';
import type { Payload } from './values.js';
import { atMost } from './wait.js';

const MAX_NOTICES = 200;
/** What `finish` may take once it was too slow in this process: a server that hangs must not cost every test the same. */
const IMPATIENT_MS = 300;
const SLOW_MS = 1_500;
let wasSlow = false;

/** When and where an event belongs. Both are optional: now, and outside of any step. */
export interface Place {
  readonly stepId?: string | undefined;
  /** Milliseconds on the trace's axis. */
  readonly ts?: number | undefined;
}

/** One trace being written. Appending is synchronous and never throws; what fails is remembered and told at the end. */
export class TraceRecorder {
  readonly #native: NativeRecorder;
  readonly #counts = new Map<string, number>();
  readonly #ships: boolean;
  #notices = 0;
  #closed = false;

  private constructor(recorder: NativeRecorder, ships: boolean) {
    this.#native = recorder;
    this.#ships = ships;
  }

  /** Opens a trace, or says why there is none. */
  static open(options: RecorderOptions): TraceRecorder | undefined {
    const addon = native();
    if (!addon) return undefined;
    return guarded('opening a trace', () => new TraceRecorder(new addon.Recorder(options), options.server !== undefined));
  }

  get traceId(): string {
    return this.#native.traceId;
  }

  get shortId(): string {
    return this.#native.shortId;
  }

  get dir(): string {
    return this.#native.dir;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** How many events of each kind were appended here. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  now(): number {
    return guarded('reading the clock', () => this.#native.now()) ?? 0;
  }

  tsOf(epochMs: number): number {
    return guarded('reading the clock', () => Math.max(0, this.#native.tsOf(epochMs))) ?? 0;
  }

  append(kind: string, payload: Payload, place: Place = {}): void {
    this.#write(kind, sourceOf(kind), () => this.#native.append(kind, payload, place.stepId, place.ts));
  }

  appendContent(kind: string, payload: Payload, contents: readonly ContentField[], place: Place = {}): void {
    const source = kind.startsWith('network.') ? 'bodies' : sourceOf(kind);
    meter.bytes(source, contents.reduce((sum, { data }) => sum + data.length, 0));
    this.#write(kind, source, () => this.#native.appendContent(kind, payload, contents, place.stepId, place.ts));
  }

  /** Makes a value go from everything that is written later. It is kept in memory only. */
  learn(value: string): void {
    if (!this.#closed) guarded('learning a secret', () => this.#native.learn(value));
  }

  /** Says in the trace itself what it is missing. Bounded: a storm of losses becomes a count. */
  notice(code: string, message: string, extra: Payload = {}): void {
    this.#notices += 1;
    if (this.#notices > MAX_NOTICES) return;
    this.append('capture.notice', { code, message, ...extra });
  }

  /** Copies a file beside the trace before the runner can delete it. */
  async addArtifact(name: string, path: string): Promise<boolean> {
    if (this.#closed) return false;
    const added = await guardedAsync(`keeping ${name}`, async () => {
      await this.#native.addArtifact(name, path);
      return true;
    });
    return added ?? false;
  }

  /** Keeps the growing files of a Playwright trace, which the runner deletes when this process is killed. */
  followTrace(dir: string, stem: string): void {
    if (!this.#closed) guarded('following a Playwright trace', () => this.#native.followTrace(dir, stem));
  }

  /** The same for the video of a page. */
  followVideo(file: string, page: string, ts: number): void {
    if (!this.#closed) guarded('following a video', () => this.#native.followVideo(file, page, ts));
  }

  /** Removes the trace; nobody wants it. */
  async discard(bound_ms: number): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await atMost(bound_ms, guardedAsync('discarding a trace', async () => await this.#native.discard()));
  }

  /** Ends the trace and says where it is, as far as that is known. Safe to call twice; later appends are dropped. */
  async finish(runEnd: Payload, bound_ms: number): Promise<Finished | undefined> {
    if (this.#closed) return undefined;
    if (this.#notices > MAX_NOTICES) {
      this.append('capture.notice', { code: 'notices.dropped', message: 'more notices than a trace keeps', count: this.#notices - MAX_NOTICES });
    }
    this.#closed = true;
    const done = guardedAsync('finishing a trace', async () => await this.#native.finish(runEnd));
    const startedAt = Date.now();
    const limit = wasSlow ? Math.min(bound_ms, IMPATIENT_MS) : bound_ms;
    const finished = await atMost(limit, done);
    wasSlow ||= Date.now() - startedAt > SLOW_MS;
    if (finished !== undefined || problems.has('finishing a trace')) return finished;
    // The record is whole, only not where it should be; the end of the run tells that once for all traces.
    if (this.#ships) return { outcome: 'spooled', reason: 'the server did not take everything in time' };
    problems.add('finishing a trace', new Error(`not done within ${Math.round(limit)} ms; the next run finishes it`));
    return undefined;
  }

  #write(kind: string, source: Source, write: () => void): void {
    if (this.#closed) return;
    meter.measure(source, () => guarded(`recording ${kind}`, write));
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }
}

/** Whose cost an event is. */
function sourceOf(kind: string): Source {
  if (kind.startsWith('dom.')) return 'dom';
  if (kind.startsWith('clone.')) return 'clones';
  return kind === 'screenshot' ? 'screenshots' : 'others';
}
