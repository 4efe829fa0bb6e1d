import type { Clock } from './context.js';
import { realMonotonic } from './context.js';
import type { ClockMode } from './header.js';

/** Taken before an application's own fake timers replace it. */
const atEndOfMacrotask = setImmediate;

/** Equal reads in one macrotask after which a standing clock is being waited for. */
const READS_OF_A_BUSY_WAIT = 20_000;

/** A clock that stands at `t` or runs on from it. */
export function clockAt(t: number, mode: ClockMode): Clock {
  const begin = realMonotonic();
  const elapsed = mode === 'shift' ? () => realMonotonic() - begin : standing();
  return { now: () => Math.floor(t + elapsed()), monotonic: () => begin + elapsed(), origin: t - begin };
}

/**
 * Milliseconds that a standing clock has moved: none, except for a loop that waits for it. `while (Date.now() < end)` would
 * never end, so from the 20 000th read in one macrotask on each read takes a millisecond.
 */
function standing(): () => number {
  let moved = 0;
  let reads = 0;
  return () => {
    if (reads === 0) atEndOfMacrotask(() => (reads = 0)).unref();
    reads += 1;
    if (reads > READS_OF_A_BUSY_WAIT) moved += 1;
    return moved;
  };
}
