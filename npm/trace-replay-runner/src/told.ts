import type { ReplayProgress } from './outcome.js';

/** All progress so far, for any number of readers at any time. */
export class Told {
  readonly #lines: ReplayProgress[] = [];
  #wake: (() => void)[] = [];
  #isOver = false;

  add(line: ReplayProgress): void {
    this.#lines.push(line);
    this.#rouse();
  }

  end(): void {
    this.#isOver = true;
    this.#rouse();
  }

  async *all(): AsyncGenerator<ReplayProgress, void, undefined> {
    for (let next = 0; ; next += 1) {
      while (next >= this.#lines.length && !this.#isOver) await new Promise<void>((resolve) => this.#wake.push(resolve));
      const line = this.#lines[next];
      if (!line) return;
      yield line;
    }
  }

  #rouse(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
