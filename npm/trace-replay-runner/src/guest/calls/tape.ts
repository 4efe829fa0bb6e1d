import { canonical, fits } from './canonical.js';

/** A recorded call of Playwright's. */
export interface TapedCall {
  readonly class: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly error?: { readonly message?: string; readonly name?: string } | null;
  /** When it began, on the recorded trace's axis. */
  readonly start_ms?: number;
  readonly end_ms?: number;
}

/** Calls made side by side may come in another order; one that is further ahead than this is another call. */
const WINDOW = 8;

/** What a call found on the tape. */
export type Taped = { readonly call: TapedCall } | { readonly differs: { readonly expected: TapedCall | undefined } };

/** The recorded calls in order, as they are answered from. */
export class Tape {
  readonly #calls: readonly TapedCall[];
  /** What the test waited for beside calls. */
  readonly #waits: readonly TapedCall[];
  readonly #used = new Set<number>();
  readonly #usedWaits = new Set<number>();
  #next = 0;

  constructor(calls: readonly TapedCall[]) {
    this.#calls = calls.filter(({ method }) => method !== '__waitInfo__');
    this.#waits = calls.filter(({ method }) => method === '__waitInfo__');
  }

  get length(): number {
    return this.#calls.length;
  }

  /** The recorded call that comes next. */
  get next(): TapedCall | undefined {
    return this.#calls[this.#next];
  }

  /** The calls that began before a moment of the record. */
  before(ts_ms: number): readonly TapedCall[] {
    return this.#calls.filter((call) => (call.start_ms ?? 0) < ts_ms);
  }

  /** The waits that began before a moment of the record. */
  waitsBefore(ts_ms: number): readonly TapedCall[] {
    return this.#waits.filter((call) => (call.start_ms ?? 0) < ts_ms);
  }

  /** Takes the next recorded wait for an event, or, without one, for a navigation. */
  takeWait(event: string): TapedCall | undefined {
    const at = this.#waits.findIndex((wait, index) => !this.#usedWaits.has(index) && String(wait.params['event'] ?? '') === event);
    if (at !== -1) this.#usedWaits.add(at);
    return this.#waits[at];
  }

  /** Whether a call of this kind began while a wait lasted. */
  hasDuring({ start_ms = 0, end_ms = start_ms }: TapedCall, type: string, method: string): boolean {
    return this.#calls.some((call) => call.class === type && call.method === method && (call.start_ms ?? 0) >= start_ms && (call.start_ms ?? 0) <= end_ms);
  }

  /** The calls that began at a moment of the record or later. */
  from(ts_ms: number): readonly TapedCall[] {
    return this.#calls.filter((call) => (call.start_ms ?? 0) >= ts_ms);
  }

  /** Takes the next recorded call of this kind. */
  take(type: string, method: string, params: Readonly<Record<string, unknown>>): Taped {
    const asked = canonical(params);
    const from = this.#next;
    for (let at = from; at < Math.min(from + WINDOW, this.#calls.length); at += 1) {
      const call = this.#calls[at];
      if (!call || this.#used.has(at) || call.class !== type || call.method !== method || !fits(canonical(call.params), asked)) continue;
      this.#used.add(at);
      while (this.#used.has(this.#next)) this.#next += 1;
      return { call };
    }
    return { differs: { expected: this.#calls[from] } };
  }
}
