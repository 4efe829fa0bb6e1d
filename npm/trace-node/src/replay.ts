import { native } from './native';
import type { AskedRequest, ReplaySourceOptions } from './native';

/** Whose an address is; it decides who may answer. */
export type OriginClass = 'app' | 'clone' | 'third-party' | 'passthrough';

/** A recorded trace that answers what a replay of it asks. */
export class ReplaySource {
  readonly #native: InstanceType<typeof native.NativeReplaySource>;

  private constructor(options: ReplaySourceOptions) {
    this.#native = new native.NativeReplaySource(options);
  }

  /**
   * Opens a trace for a replay from one of its steps.
   *
   * @throws an `Error` with `code` `TRACE_UNREADABLE`, `NO_TEST`, `NO_SUCH_STEP`, or `NO_SECRETS` when the vault does not open with the key given.
   */
  static open(options: ReplaySourceOptions): ReplaySource {
    return new ReplaySource(options);
  }

  /** JSON of what the replay will do. */
  plan(): string {
    return this.#native.plan();
  }

  /** The same as a dry run that a person reads. */
  planText(): string {
    return this.#native.planText();
  }

  /** Whose an address of the replay is. */
  originClass(url: string): OriginClass {
    return this.#native.originClass(url);
  }

  /** What is asked of `replayed` was recorded of `recorded`. */
  mapOrigin(replayed: string, recorded: string): void {
    this.#native.mapOrigin(replayed, recorded);
  }

  /** JSON of what answers a request, `{"hit":…}` or `{"miss":…}`; a hit of the record's future is used up by it. */
  find(asked: AskedRequest): string {
    return this.#native.find(asked);
  }

  /** The body of an entry's answer as the page saw it: decoded, secrets put back. */
  body(entry: number): Buffer | null {
    return this.#native.body(entry);
  }

  /** JSON array of the recorded web sockets with their frames; times in milliseconds on the trace's axis. */
  sockets(): string {
    return this.#native.sockets();
  }

  /** JSON lines of Playwright's recorded calls in order: `ordinal`, `class`, `method`, `params`, `result` or `error`, `step_id`, `step`. */
  tape(): string {
    return this.#native.tape();
  }

  /** JSON array of the requests before the step that changed something at the application, in order, secrets put back. */
  changes(): string {
    return this.#native.changes();
  }

  /** JSON array of the recorded pages just before the step: `page`, `href`, `nodes` and `outline`, its lines. */
  async documents(): Promise<string> {
    return await this.#native.documents();
  }

  /**
   * JSON of how a recorded page just before the step compares with its document as it is now: `grade` (`exact`, `equivalent`, `degraded`),
   * `message` and `comparison`; null when the record has no document of that page.
   *
   * @param live JSON of `{href, node}`, the node as rrweb's snapshots name it
   */
  async besideDocument(page: string, live: string): Promise<string | null> {
    return await this.#native.besideDocument(page, live);
  }

  /** JSON of the browser before the step: `contexts` by name and part, and `reasons` for what is missing. */
  state(): string {
    return this.#native.state();
  }
}

/**
 * JSON of how a replay came out beside its record from a step on: counts by channel, the first divergence, and `text` for people.
 *
 * @param recorded the recorded trace's directory
 * @param replayed the directory of the replay's trace
 */
export function certify(recorded: string, replayed: string, fromStep: number): string {
  return native.certify(recorded, replayed, fromStep);
}
