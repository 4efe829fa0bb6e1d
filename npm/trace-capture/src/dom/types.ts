import type { Page } from '@playwright/test';
import type { MaskInputs, PartKind, StartMode } from '../injected/wire.js';

/** Where a frame of another origin hangs: a node of its parent's recording. */
export interface FrameHolder {
  readonly stream: string;
  readonly generation: number;
  /** rrweb id of the frame's element in that generation. */
  readonly node: number;
}

/** The page's own score of its document; see `injected/digest.ts`. */
export interface DomScore {
  readonly version: number;
  /** Eight hex digits. */
  readonly value: string;
  readonly nodes: number;
}

/** One piece of one document's recording, ready to be appended to a trace. */
export interface DomPart {
  /** `snapshot`: Meta and full snapshot; `mutation`: everything that builds on one. */
  readonly type: PartKind;
  /** Stable id of the Playwright page. */
  readonly page: string;
  /** Stable id of the Playwright frame whose recorder wrote this. */
  readonly frame: string;
  readonly frameUrl: string;
  /** Id of the recorder in one realm; a navigation makes a new one. */
  readonly stream: string;
  /** Counts recordings within the stream, from 1; each begins with a snapshot and its own node ids. */
  readonly generation: number;
  /** A JSON array of rrweb events, as the page wrote it. Untrusted text without line breaks. */
  readonly events: string;
  readonly count: number;
  /** Epoch milliseconds of the first and the last event, monotonic within the stream. */
  readonly firstTs: number;
  readonly lastTs: number;
  /** For a frame of another origin, once known: the element that holds it. Its ids are not in the parent's range. */
  readonly holder?: FrameHolder;
  /** Score of the document after the last event. */
  readonly digest?: DomScore;
}

/** Receives the parts in order of arrival. A throw is caught and told through the notice sink. */
export type DomSink = (part: DomPart) => void;

/** Values that say what a notice is about. */
export type NoticeDetail = Readonly<Record<string, string | number | boolean>>;

/** Receives what could not be recorded, as a stable code and its circumstances. */
export type DomNoticeSink = (code: string, detail: NoticeDetail) => void;

/** A protocol session of a page, as far as the recorder uses it. */
export interface DomSession {
  on(event: 'Runtime.bindingCalled', listener: (call: { readonly name: string; readonly payload: string }) => void): unknown;
  send(method: 'Runtime.enable' | 'Runtime.addBinding' | 'Runtime.evaluate', params?: object): Promise<unknown>;
}

/** Options of the DOM recorder; each has a default. */
export interface DomRecorderOptions {
  /** `interactive` (default) gives the same node ids in every run; `early` also sees loading states. */
  readonly start?: StartMode;
  readonly slow_start_ms?: number;
  readonly flush_ms?: number;
  readonly batch_events?: number;
  readonly queue_events?: number;
  readonly restarts_per_second?: number;
  readonly soft_mutations?: number;
  readonly hard_mutations?: number;
  readonly hard_refill_per_second?: number;
  readonly attribute_burst?: number;
  readonly attribute_refill_per_second?: number;
  readonly mask_inputs?: MaskInputs;
  readonly mask_text?: readonly string[];
  readonly block?: readonly string[];
  /** `plain` keeps to Playwright's bindings even where the raw protocol binding of Chromium is to be had (`auto`). */
  readonly transport?: 'auto' | 'plain';
  /** A protocol session of the page to share; by default the recorder opens one of its own per page. */
  readonly cdpSession?: (page: Page) => Promise<DomSession>;
  /** Longest wait of an explicit flush, in milliseconds; default 500. */
  readonly flush_timeout_ms?: number;
}

/** How an explicit flush went. Pages that did not answer in time are counted, never waited for. */
export interface DomFlushResult {
  readonly frames: number;
  readonly unanswered: number;
  readonly pending: number;
}
