/** Every wait of the recorder has a bound; these are the ways to wait. */

/** The result, or `undefined` when it failed or took longer than the bound. Never rejects. */
export async function atMost<T>(bound_ms: number, work: Promise<T>): Promise<T | undefined> {
  return await within(bound_ms, work.catch(() => undefined));
}

/** The result, or `undefined` when it took longer than the bound. Unlike `atMost` it lets a failure through. */
export async function within<T>(bound_ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, bound_ms));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A set of things under way that can be waited for together. */
export class Pending {
  readonly #work = new Map<Promise<unknown>, string>();

  /** Adds work by the name it has in the record when it is not waited for; its failure is the adder's to handle and is ignored here. */
  add(what: string, work: Promise<unknown>): void {
    const settled: Promise<unknown> = work.then(
      () => this.#work.delete(settled),
      () => this.#work.delete(settled),
    );
    this.#work.set(settled, what);
  }

  get size(): number {
    return this.#work.size;
  }

  /** What is under way, each name once. */
  get names(): string[] {
    return [...new Set(this.#work.values())];
  }

  /** Waits until nothing is under way, work added meanwhile included. Whether that was reached within the bound. */
  async drain(bound_ms: number): Promise<boolean> {
    const deadline = Date.now() + bound_ms;
    while (this.#work.size > 0 && Date.now() < deadline) {
      await atMost(deadline - Date.now(), Promise.all(this.#work.keys()));
    }
    return this.#work.size === 0;
  }
}
