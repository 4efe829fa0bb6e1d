/** Where a recorded step begins, in milliseconds on the recorded trace's axis. */
export interface Mark {
  readonly id: string;
  readonly ts_ms: number;
}

/** The time source, in milliseconds; a test gives its own. */
export type Clock = () => number;

/**
 * Where the replay is on the recorded trace's axis. A step's begin moves it to where that step began in the record; within
 * a step it goes on by itself, but never beyond the next step's begin, because what was recorded there may be an answer to it.
 */
export class Pace {
  readonly #marks: readonly Mark[];
  readonly #clock: Clock;
  readonly #waiting = new Set<{ readonly at_ms: number; readonly go: () => void }>();
  #at_ms = 0;
  #since_ms: number;
  #until_ms: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(marks: readonly Mark[], clock: Clock = () => performance.now()) {
    this.#marks = [...marks].sort((a, b) => a.ts_ms - b.ts_ms);
    this.#clock = clock;
    this.#since_ms = clock();
    this.#until_ms = this.#marks[0]?.ts_ms ?? Infinity;
  }

  /** Milliseconds on the recorded axis. */
  now(): number {
    return Math.min(this.#at_ms + (this.#clock() - this.#since_ms), this.#until_ms);
  }

  /** A step of the replay begins. Steps that the record does not have move nothing. */
  stepBegins(id: string): void {
    const at = this.#marks.findIndex((mark) => mark.id === id);
    const mark = this.#marks[at];
    if (!mark) return;
    this.#at_ms = Math.max(mark.ts_ms, this.now());
    this.#since_ms = this.#clock();
    this.#until_ms = this.#marks[at + 1]?.ts_ms ?? Infinity;
    this.#release();
  }

  /**
   * Resolves when that moment of the record is reached, or `patience_ms` after it would have been: a step that itself waits for what
   * comes then would never end, since the next one's begin is not reached before.
   */
  async reaches(at_ms: number, patience_ms: number = Infinity): Promise<void> {
    const left_ms = at_ms - this.now();
    if (left_ms <= 0) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((go) => {
      const one = { at_ms, go };
      this.#waiting.add(one);
      this.#release();
      if (patience_ms === Infinity) return;
      timer = setTimeout(() => {
        this.#waiting.delete(one);
        go();
      }, left_ms + patience_ms);
    });
    clearTimeout(timer);
  }

  /** Lets everything go that waits; the test is over. */
  end(): void {
    clearTimeout(this.#timer);
    for (const { go } of this.#waiting) go();
    this.#waiting.clear();
  }

  #release(): void {
    clearTimeout(this.#timer);
    const now_ms = this.now();
    let next_ms = Infinity;
    for (const one of this.#waiting) {
      if (one.at_ms <= now_ms) {
        this.#waiting.delete(one);
        one.go();
      } else if (one.at_ms <= this.#until_ms) next_ms = Math.min(next_ms, one.at_ms);
    }
    if (next_ms === Infinity) return;
    this.#timer = setTimeout(() => this.#release(), Math.max(1, next_ms - now_ms));
    this.#timer.unref();
  }
}
