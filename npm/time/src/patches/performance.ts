import { performance } from 'node:perf_hooks';
import { current } from '../context.js';

type RealPerformance = typeof performance;

/** Makes `performance.now()` and `performance.timeOrigin`, whose sum is a wall clock, those of the replayed request. */
export function patchPerformance(): void {
  const prototype = Object.getPrototypeOf(performance) as RealPerformance;
  const realNow = prototype.now;
  const realOrigin = Object.getOwnPropertyDescriptor(prototype, 'timeOrigin');

  prototype.now = function now(): number {
    return current()?.clock?.monotonic() ?? realNow.call(this);
  };
  if (!realOrigin?.get || !realOrigin.configurable) return;
  const readOrigin = realOrigin.get;
  const timeOrigin = function (this: RealPerformance): number {
    return current()?.clock?.origin ?? (readOrigin.call(this) as number);
  };
  Object.defineProperty(prototype, 'timeOrigin', { ...realOrigin, get: timeOrigin });
}
