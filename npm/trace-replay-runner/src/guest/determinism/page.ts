/**
 * Moves the clock of a document by a number of milliseconds; time goes on as it does and timers stay real. Runs in the page, so
 * it uses nothing of this module. Called again, it moves the clock anew. A test's own `page.clock` is installed later and wins.
 */
export function shiftClock(by_ms: number): void {
  const key = Symbol.for('molar.replay.clock');
  const known = Reflect.get(Date, key) as { by_ms: number } | undefined;
  if (known) {
    known.by_ms = by_ms;
    return;
  }
  const Native = Date;
  const nativeNow = Native.now;
  const clock = { by_ms };
  const now = (): number => Reflect.apply(nativeNow, Native, []) + clock.by_ms;

  function Shifted(...args: unknown[]): unknown {
    if (!new.target) return new Native(now()).toString();
    return Reflect.construct(Native, args.length === 0 ? [now()] : args, new.target === (Shifted as unknown) ? Native : new.target);
  }
  const hidden = (owner: object, name: PropertyKey, value: unknown): void => void Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  hidden(Shifted, 'name', 'Date');
  hidden(Shifted, 'length', 7);
  for (const name of ['UTC', 'parse'] as const) hidden(Shifted, name, Native[name]);
  hidden(Shifted, 'now', now);
  hidden(Shifted, key, clock);
  Object.defineProperty(Shifted, 'prototype', { value: Native.prototype, writable: false });
  hidden(Native.prototype, 'constructor', Shifted);
  hidden(globalThis, 'Date', Shifted);

  const origin = performance.timeOrigin;
  Object.defineProperty(performance, 'timeOrigin', { get: () => origin + clock.by_ms, configurable: true });

  // Formatting nothing formats the current time, which this takes from the engine and not from `Date`.
  const format = Object.getOwnPropertyDescriptor(Intl.DateTimeFormat.prototype, 'format');
  const get = format?.get;
  if (format && get) {
    Object.defineProperty(Intl.DateTimeFormat.prototype, 'format', {
      ...format,
      get(this: Intl.DateTimeFormat) {
        const plain = Reflect.apply(get, this, []) as (date?: number | Date) => string;
        return (date?: number | Date): string => plain(date ?? now());
      },
    });
  }
  const parts = Intl.DateTimeFormat.prototype.formatToParts;
  hidden(Intl.DateTimeFormat.prototype, 'formatToParts', function formatToParts(this: Intl.DateTimeFormat, date?: number | Date) {
    return Reflect.apply(parts, this, [date ?? now()]) as Intl.DateTimeFormatPart[];
  });
}
