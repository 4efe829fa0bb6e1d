/** The time source, in milliseconds; a test gives its own. */
export type Clock = () => number;

/** Longest that nothing at all may happen while a step is carried out on the record, whose answers come at once. */
export const STALL_MS = 30_000;
const LOOKS = 20;

/**
 * Notices when a step that is carried out on the record stands still: no call of the test, no request and no answer for longer than the
 * step took when it was recorded, and some. Without it such a step would wait for the test's own time limit, and say nothing of why.
 */
export class Stall {
  readonly #limit_ms: number;
  readonly #clock: Clock;
  readonly #pending = new Map<number, string>();
  #count = 0;
  #last_ms: number;
  #allowed_ms = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(limit_ms: number = STALL_MS, clock: Clock = () => performance.now()) {
    this.#limit_ms = limit_ms;
    this.#clock = clock;
    this.#last_ms = clock();
  }

  /** What is waited for, in words, the oldest first. */
  get pending(): readonly string[] {
    return [...this.#pending.values()];
  }

  /** Whether nothing has happened for too long. */
  get isStalled(): boolean {
    return this.#clock() - this.#last_ms > this.#limit_ms + this.#allowed_ms;
  }

  /** Something begins that will end, such as a call; gives what is to be called then. */
  begin(what: string): () => void {
    const id = (this.#count += 1);
    this.#pending.set(id, what);
    this.#last_ms = this.#clock();
    return () => {
      this.#pending.delete(id);
      this.#last_ms = this.#clock();
    };
  }

  /** A step begins, which took so long when it was recorded. */
  stepBegins(recorded_ms: number): void {
    this.#allowed_ms = 2 * recorded_ms;
    this.#last_ms = this.#clock();
  }

  /** Calls back once when nothing has happened for too long. */
  watch(stalled: () => void): void {
    this.end();
    this.#last_ms = this.#clock();
    this.#timer = setInterval(() => {
      if (!this.isStalled) return;
      this.end();
      stalled();
    }, this.#limit_ms / LOOKS);
    this.#timer.unref();
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
