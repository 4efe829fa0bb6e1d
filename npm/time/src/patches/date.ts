import { current } from '../context.js';

/** Replaces `Date` with one that, inside a replayed request, takes the request's time for the present. */
export function patchDate(): void {
  const RealDate = globalThis.Date;
  const realNow = RealDate.now;
  const now = named('now', (): number => current()?.clock?.now() ?? realNow());

  // A function and not a class, since `Date()` may be called; not a Proxy, since reading `Date.now` through one costs more.
  function Date(this: unknown, ...args: unknown[]): unknown {
    const clock = current()?.clock;
    if (!new.target) return clock ? new RealDate(clock.now()).toString() : RealDate();
    const target = new.target === replacement ? RealDate : new.target;
    return Reflect.construct(RealDate, args.length === 0 && clock ? [clock.now()] : args, target);
  }
  const replacement: unknown = Date;

  // `prototype` is shared, so `instanceof` holds between both and for dates made before.
  const statics = { ...Object.getOwnPropertyDescriptors(RealDate), now: { value: now, writable: true, enumerable: false, configurable: true } };
  Object.defineProperties(Date, statics);
  Object.defineProperty(RealDate.prototype, 'constructor', { value: Date, writable: true, enumerable: false, configurable: true });
  // Code that kept the old `Date` calls `now` on it.
  Object.defineProperty(RealDate, 'now', statics.now);
  Object.defineProperty(globalThis, 'Date', { value: Date, writable: true, enumerable: false, configurable: true });
}

function named<T extends (...args: never[]) => unknown>(name: string, value: T): T {
  return Object.defineProperty(value, 'name', { value: name, configurable: true });
}
