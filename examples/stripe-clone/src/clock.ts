/** The virtual clock of one run. A running clock is the wall clock plus an offset, a paused one stands still. */
export type ClockState = { mode: 'running'; offset_ms: number } | { mode: 'paused'; at_ms: number };

/** Wall time in milliseconds; an argument everywhere below, so that tests choose it. */
export type WallClock = () => number;

/** Virtual now in integer milliseconds. */
export function nowMs(clock: ClockState, wall: WallClock): number {
  return clock.mode === 'running' ? wall() + clock.offset_ms : clock.at_ms;
}

/** The same clock standing still at its present time. */
export function paused(clock: ClockState, wall: WallClock): ClockState {
  return { mode: 'paused', at_ms: nowMs(clock, wall) };
}

/** The same clock running on from its present time. */
export function running(clock: ClockState, wall: WallClock): ClockState {
  return { mode: 'running', offset_ms: nowMs(clock, wall) - wall() };
}

/** A clock of the given mode that shows `to_ms` at this moment. */
export function clockAt(mode: ClockState['mode'], to_ms: number, wall: WallClock): ClockState {
  return mode === 'running' ? { mode, offset_ms: to_ms - wall() } : { mode, at_ms: to_ms };
}

const SHORT = /^(\d+)(ms|s|m|h|d|w)$/;
const ISO = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const UNIT_MS: Record<string, number> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };

/** Milliseconds of `30d`, `PT1H` or a whole number of milliseconds; `undefined` when it is none of them. */
export function durationMs(duration: unknown): number | undefined {
  if (typeof duration === 'number') return Number.isSafeInteger(duration) && duration >= 0 ? duration : undefined;
  if (typeof duration !== 'string') return undefined;
  const short = SHORT.exec(duration);
  if (short) return Number(short[1]) * (UNIT_MS[short[2] ?? ''] ?? 0);
  const iso = ISO.exec(duration);
  if (!iso || duration === 'P' || duration.endsWith('T')) return undefined;
  const units = ['w', 'd', 'h', 'm', 's'];
  return units.reduce((sum, unit, i) => sum + Number(iso[i + 1] ?? 0) * (UNIT_MS[unit] ?? 0), 0);
}

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** Milliseconds since the epoch of an RFC 3339 instant or of a whole number of milliseconds. */
export function instantMs(to: unknown): number | undefined {
  if (typeof to === 'number') return Number.isSafeInteger(to) && to >= 0 ? to : undefined;
  if (typeof to !== 'string' || !RFC3339.test(to)) return undefined;
  const at_ms = Date.parse(to);
  return Number.isNaN(at_ms) ? undefined : at_ms;
}
