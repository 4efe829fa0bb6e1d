import type { Cloned } from '../injected/state/cloned.js';

/** What a step boundary is; `close` is the end of a context before its test. */
export type Boundary = 'start' | 'end' | 'close';

/**
 * One piece of a browser's state that changes by itself, such as `cookies`, `local https://app.test/`,
 * `session p1 https://app.test/`, `indexeddb …`, `caches …`, `workers …`, `history p1` or `document p1f1`.
 */
export type PartName = string;

/** The counts of a part that are no secret. */
export interface PartCounts {
  readonly keys: number;
  readonly bytes: number;
}

/** A part as it was read: JSON text, or nothing when it is gone. */
export type PartText = string | undefined;

/** What one boundary found. Parts that did not change may be left out. */
export interface Reading {
  readonly parts: ReadonlyMap<PartName, PartText>;
  /** What should have answered and did not, in words. */
  readonly missing: readonly string[];
  readonly notices: readonly StateNotice[];
  /** The frames of each page that answered whole; documents of others are gone. */
  readonly frames: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Something of the state that could not be recorded. */
export interface StateNotice {
  readonly code: string;
  readonly message: string;
  readonly detail: Readonly<Record<string, string | number>>;
}

/** How the state of one context is read. */
export interface StateSource {
  /**
   * Asks for everything at once, before it returns: the answers then precede whatever the test does next. `all` also
   * reads again what is not known to have changed. Never rejects; takes at most the bound.
   */
  read(bound_ms: number, all: boolean): Promise<Reading>;
}

/** A part in the `secret` of an event: its value, and the revision at which it last changed. */
export interface RecordedPart {
  readonly revision: number;
  /** Nothing when the part is gone. */
  readonly value: Cloned;
}

/** The `secret` of an event, as the vault keeps it. */
export interface RecordedState {
  readonly parts: Readonly<Record<PartName, RecordedPart>>;
}
