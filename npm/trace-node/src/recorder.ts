import { randomUUID } from 'node:crypto';

import { native } from './native';
import type { FinishReport, RecorderOptions } from './native';
import { RingWriter } from './ring-writer';

/** A payload's large value: it replaces the field `field`, inline when it is small, as a blob when it is not. */
export interface PayloadContent {
  /** Name of the payload field that receives the content. */
  field: string;
  /** The value; bytes are copied before the call returns, so the caller may reuse them. */
  data: Uint8Array | string;
  /** Media type such as `image/png`. */
  mediaType: string;
  /** Bytes of the original that are missing. */
  truncated?: number;
}

/** A payload of more UTF-16 units than this goes by a direct call, so that the ring stays short-lived. */
const LARGE_PAYLOAD = 32 * 1024;

/** Recorders that may have something left to write when the process leaves. */
const open = new Set<WeakRef<InstanceType<typeof native.NativeRecorder>>>();

// `process.exit` runs these listeners, but no clean-up hook of an addon that the main thread loaded.
process.once('exit', () => {
  for (const recorder of open) recorder.deref()?.flush();
});

/**
 * Records one trace: one test attempt, from `run.start` to `run.end`.
 *
 * Appending is synchronous, costs a fraction of a microsecond beyond `JSON.stringify` and never throws: what cannot be
 * recorded becomes a `capture.notice` in the trace. Encoding, compressing, writing and shipping happen on threads of
 * their own. What was appended survives a SIGKILL of the process 50 ms later.
 */
export class Recorder {
  readonly #native: InstanceType<typeof native.NativeRecorder>;
  readonly #self: WeakRef<InstanceType<typeof native.NativeRecorder>>;
  readonly #ring: RingWriter | null;
  readonly #wallMs: number;
  readonly #origin: number;
  #finished: Promise<FinishReport> | null = null;
  #late = 0;

  /** The trace's UUID. */
  readonly traceId: string;
  /** Nine characters that name the trace where people read it out. */
  readonly shortId: string;
  /** The trace's directory under `root`. */
  readonly dir: string;

  /**
   * Opens the trace's directory and writes `run.start`.
   *
   * @throws an `Error` with a `code` when the options are not valid, a redaction rule does not fire, or the directory cannot be made.
   */
  constructor(options: RecorderOptions) {
    const openedAt = performance.now();
    const openedWallMs = Date.now();
    this.#wallMs = options.wallMs ?? openedWallMs;
    this.#origin = openedAt - (openedWallMs - this.#wallMs);
    this.#native = new native.NativeRecorder({
      ...options,
      traceId: options.traceId ?? randomUUID(),
      wallMs: this.#wallMs,
    });
    this.#self = new WeakRef(this.#native);
    open.add(this.#self);
    const memory = this.#native.ring();
    this.#ring = memory === null ? null : new RingWriter(memory);
    this.traceId = this.#native.traceId;
    this.shortId = this.#native.shortId;
    this.dir = this.#native.dir;
  }

  /** Milliseconds on the trace's axis, monotonic. */
  now(): number {
    return performance.now() - this.#origin;
  }

  /** The place of a wall-clock time, in milliseconds since the epoch, on the trace's axis. */
  tsOf(epochMs: number): number {
    return epochMs - this.#wallMs;
  }

  /** How many events came after `finish` and were ignored. */
  get late(): number {
    return this.#late;
  }

  /** Appends one event; `payload` is serialised before the call returns. */
  append(kind: string, payload: object, stepId?: string | null, ts?: number): void {
    const at = ts ?? performance.now() - this.#origin;
    let text: unknown;
    try {
      text = JSON.stringify(payload);
    } catch (error) {
      this.#refuse(kind, stepId, at, error);
      return;
    }
    if (typeof text === 'string') this.appendJson(kind, text, stepId, at);
    else this.#refuse(kind, stepId, at, `a payload must be an object, found ${typeof payload}`);
  }

  /** Appends one event whose payload is the JSON text of an object. */
  appendJson(kind: string, payload: string, stepId?: string | null, ts?: number): void {
    if (this.#finished !== null) {
      this.#late += 1;
      return;
    }
    const step = stepId ?? null;
    const at = ts ?? performance.now() - this.#origin;
    try {
      const inRing =
        this.#ring !== null && payload.length <= LARGE_PAYLOAD && this.#ring.push(kind, step, at, payload);
      if (!inRing) this.#native.append(kind, step, at, payload);
    } catch (error) {
      // Only values of a wrong type get here; the record tells about them instead of the test.
      this.#refuse(String(kind), null, at, error);
    }
  }

  /** Appends one event some of whose fields are contents: bodies, snapshots, images. */
  appendContent(
    kind: string,
    payload: object,
    contents: PayloadContent[],
    stepId?: string | null,
    ts?: number,
  ): void {
    if (this.#finished !== null) {
      this.#late += 1;
      return;
    }
    const at = ts ?? performance.now() - this.#origin;
    try {
      this.#native.appendContents(kind, stepId ?? null, at, JSON.stringify(payload), contents);
    } catch (error) {
      this.#refuse(String(kind), stepId, at, error);
    }
  }

  /** Makes a value go from everything appended later, in any usual encoding. It is kept in memory only; short and ordinary words are not learnt. */
  learn(value: string): void {
    if (this.#finished === null) this.#native.learn(value);
  }

  /**
   * Adds a file, such as a video, to the trace's artifacts under `name`.
   *
   * A file that cannot be read becomes a `capture.notice`.
   */
  addArtifact(name: string, path: string, options?: { move?: boolean }): void {
    if (this.#finished !== null) {
      this.#late += 1;
      return;
    }
    try {
      this.#native.addArtifact(name, path, options?.move ?? false);
    } catch (error) {
      const code = codeOf(error) ?? 'artifact.refused';
      this.append('capture.notice', { code, message: messageOf(error), source: `artifact ${name}` });
    }
  }

  /** Keeps the growing files of a Playwright trace in `dir` whose names begin with `stem` should this process be killed. */
  followTrace(dir: string, stem: string): void {
    if (this.#finished === null) this.#native.followTrace(dir, stem);
  }

  /** Keeps the growing video of a page, which began at `ts`, should this process be killed. */
  followVideo(file: string, page: string, ts: number): void {
    if (this.#finished === null) this.#native.followVideo(file, page, ts);
  }

  /** Removes the trace instead of finishing it. Traces opened with `hold` were never anywhere else. */
  discard(): Promise<FinishReport> {
    this.#finished ??= this.#native.discard().finally(() => open.delete(this.#self));
    return this.#finished;
  }

  /**
   * Writes `run.end`, closes the trace and ships what can be shipped within `limits.finishTimeoutMs`.
   *
   * Idempotent: later and concurrent calls get the first one's promise.
   */
  finish(runEnd: object): Promise<FinishReport> {
    this.#finished ??= this.#finish(runEnd).finally(() => open.delete(this.#self));
    return this.#finished;
  }

  /** Finishes as `aborted` unless `finish` was called before. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.finish({ status: 'aborted' });
  }

  #finish(runEnd: object): Promise<FinishReport> {
    const at = Math.max(0, this.now());
    const fields = { duration_ms: at, ...runEnd };
    const status: unknown = Reflect.get(fields, 'status');
    let text: string;
    try {
      text = JSON.stringify(fields);
    } catch (error) {
      this.#refuse('run.end', null, at, error);
      text = JSON.stringify({ duration_ms: at });
    }
    return this.#native.finish(typeof status === 'string' ? status : 'error', at, text);
  }

  #refuse(kind: string, stepId: string | null | undefined, ts: number, error: unknown): void {
    const notice = {
      code: 'payload.unserialisable',
      message: `payload of \`${kind}\` was not recorded: ${messageOf(error)}`,
      source: kind,
      count: 1,
    };
    this.appendJson('capture.notice', JSON.stringify(notice), typeof stepId === 'string' ? stepId : null, ts);
  }
}

function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    // A thrown value whose own toString throws still must not reach the test.
    return 'a value that cannot be shown was thrown';
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
