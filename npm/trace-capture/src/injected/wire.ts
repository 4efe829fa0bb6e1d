/**
 * What the page and the Node side agree on: the options that are written into the init script, and the text of one
 * batch. Next to nothing but types, so both sides can import it.
 */

/** When recording of a document begins. */
export type StartMode = 'interactive' | 'early';

/** Which form fields lose their value beside those that always do (password, hidden, card and one-time codes). */
export type MaskInputs = 'sensitive' | 'all' | readonly string[];

/** Everything the in-page recorder needs to know; JSON, written into the init script when a context is created. */
export interface InjectedOptions {
  /** Name of the binding that carries batches; random per recorder, deleted from the window once taken. */
  readonly binding: string;
  /**
   * Name of a raw protocol binding, which Chromium delivers without a second round trip; empty where there is none.
   * Used by top frames only, since such a binding does not tell which frame called.
   */
  readonly fast_binding: string;
  /** Name of the non-enumerable window property that marks a realm and lets Node reach the recorder. */
  readonly handle: string;
  readonly start: StartMode;
  /** A document still loading this long after its first element is recorded at once. */
  readonly slow_start_ms: number;
  readonly flush_ms: number;
  /** Events in one batch before it is flushed without waiting for the timer. */
  readonly batch_events: number;
  /** Events kept while no binding exists; beyond it the queue is dropped, counted, and a new snapshot is taken. */
  readonly queue_events: number;
  readonly restarts_per_second: number;
  /** Changed nodes in one callback that are worth a notice. */
  readonly soft_mutations: number;
  /** Changed nodes that may come in one burst before recording of the document stops. */
  readonly hard_mutations: number;
  /** Changed nodes per second by which the burst allowance recovers. */
  readonly hard_refill_per_second: number;
  /** Changes of attributes that one element may tell at once; after that only what they come to is told. */
  readonly attribute_burst: number;
  /** Changes per second by which an element's allowance recovers. */
  readonly attribute_refill_per_second: number;
  readonly mask_inputs: MaskInputs;
  /** Selectors whose text and descriptive attributes are masked, through shadow roots and same-origin frames. */
  readonly mask_text: readonly string[];
  /** Selectors recorded as an empty box of the same size. */
  readonly block: readonly string[];
}

/** What a part of a batch holds: a page description and its full snapshot, or changes on top of one. */
export type PartKind = 'snapshot' | 'mutation';

/** `[version, eight hex digits, nodes]`: the page's own score of its document after the events of a part. */
export type Score = readonly [1, string, number];

/** `[kind, number of events, first epoch ms, last epoch ms, score]`; one per line of events after the header line. */
export type PartHeader = readonly [PartKind, number, number, number, Score?];

/** Something the recorder could not record, said in the batch instead of nowhere. */
export interface InjectedNotice {
  readonly code: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

/** Code of a notice that is none: `detail.value` is what a secret field holds. It is learnt on the Node side and never written. */
export const TAUGHT = 'dom.field.secret';

/**
 * First line of a batch, as a JSON array: stream id, generation, batch number within the stream (from 1), the parts,
 * and notices. Each part follows as one JSON array of rrweb events on a line of its own, so the Node side can split a
 * batch without parsing a single event.
 */
export type BatchHeader = readonly [string, number, number, readonly PartHeader[], readonly InjectedNotice[]];

/** Answer of an explicit flush: what was handed to the binding and what still waits. */
export interface FlushReport {
  readonly sent: number;
  readonly pending: number;
  readonly dropped: number;
  readonly stream: string;
  /** Number of the last batch handed over; Node compares it with what arrived. */
  readonly batch: number;
}

/** Score of the document as it is now, to be compared with the one rebuilt from the recording. */
export interface DigestReport {
  readonly version: 1;
  readonly digest: string;
  readonly nodes: number;
  readonly stream: string;
  readonly generation: number;
}

/** A number that stays with the element, then left, top, right, bottom as parts of what a picture of the page shows. */
export type CoveredBox = readonly [number, number, number, number, number];

/** Where a picture would show what the recording masks, as it is now. */
export interface CoverReport {
  readonly boxes: readonly CoveredBox[];
  /** Frames of another origin, into which this one cannot look. */
  readonly foreign: readonly CoveredBox[];
}

/** A node as the recording names it. */
export interface NodeReport {
  readonly stream: string;
  readonly generation: number;
  readonly node: number;
}

/** The recorder as Node sees it through the handle property. */
export interface InjectedHandle {
  flush(): FlushReport;
  ensure(): void;
  restart(reason: string): void;
  digest(): DigestReport;
  /** Sends what waits, and behind it the score of the document as it is now; not when nothing has changed since. */
  score(): void;
  covers(): CoverReport;
  /** Nothing when the node is not part of the running recording. */
  idOf(node: Node): NodeReport | null;
}
