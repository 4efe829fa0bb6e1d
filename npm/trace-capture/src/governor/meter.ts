import { performance } from 'node:perf_hooks';
import type { Source, Window } from './decide.js';

/** How long a window is at least; it ends with the first work after that, so that no timer keeps a process busy. */
const WINDOW_MS = 1_000;

/** Told what a window cost. */
export type WindowListener = (window: Window) => void;

/** The clock of a meter. */
export interface Watch {
  /** Milliseconds. */
  now(): number;
  /** The part of the loop's active time since the last call in which this process had a processor. */
  busy(): number;
}

/**
 * On a machine with more work than processors the clock goes on while others run, which is no cost of ours. Other threads of
 * this process count as busy too, so that a cost is rather believed than not.
 */
function processWatch(): Watch {
  let usage = process.cpuUsage();
  let loop = performance.eventLoopUtilization();
  return {
    now: () => performance.now(),
    busy: () => {
      const { user, system } = process.cpuUsage(usage);
      const { active } = performance.eventLoopUtilization(performance.eventLoopUtilization(), loop);
      usage = process.cpuUsage();
      loop = performance.eventLoopUtilization();
      return active > 0 ? Math.min(1, (user + system) / 1_000 / active) : 1;
    },
  };
}

/** Counts what recording takes of the JavaScript thread: two readings of a clock around each piece of work. */
export class Meter {
  readonly #watch: Watch;
  #spent: Partial<Record<Source, number>> = {};
  #bytes: Partial<Record<Source, number>> = {};
  #startedAt: number;
  /** Time that the work inside the work of the moment took, which is counted there. */
  #inside = 0;
  #depth = 0;
  listener: WindowListener | undefined;

  constructor(watch: Watch = processWatch()) {
    this.#watch = watch;
    this.#startedAt = watch.now();
  }

  /** Does the work and counts its time. Work inside work is counted once, where it is innermost. */
  measure<T>(source: Source, work: () => T): T {
    const outside = this.#inside;
    this.#inside = 0;
    this.#depth += 1;
    const startedAt = this.#watch.now();
    try {
      return work();
    } finally {
      const endedAt = this.#watch.now();
      const took = endedAt - startedAt;
      this.#spent[source] = (this.#spent[source] ?? 0) + took - this.#inside;
      this.#inside = outside + took;
      this.#depth -= 1;
      if (this.#depth === 0) this.#done(endedAt);
    }
  }

  bytes(source: Source, count: number): void {
    this.#bytes[source] = (this.#bytes[source] ?? 0) + count;
  }

  /** Forgets what was counted. */
  reset(): void {
    this.#spent = {};
    this.#bytes = {};
    this.#startedAt = this.#watch.now();
    this.#watch.busy();
  }

  #done(now: number): void {
    this.#inside = 0;
    if (now - this.#startedAt < WINDOW_MS) return;
    const [bytes, window_ms, busy] = [this.#bytes, now - this.#startedAt, this.#watch.busy()];
    const spent_ms = Object.fromEntries(Object.entries(this.#spent).map(([source, ms]) => [source, ms * busy]));
    this.reset();
    this.listener?.({ window_ms, spent_ms, bytes });
  }
}

/** The one meter of this process, which has one JavaScript thread. */
export const meter: Meter = new Meter();
