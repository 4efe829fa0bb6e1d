import { createRequire } from 'node:module';
import type { Order } from '../order.js';
import type { Replay } from '../replay.js';
import type { Hit, ReplaySource } from '../source.js';
import { openSource } from '../source.js';

export type HeaderPairs = readonly (readonly [string, string])[];

/** One request of the browser in the record, and what became of it; redacted as it is on the disk. */
export interface Exchange {
  readonly seq: number;
  readonly id: string;
  readonly sent_ms: number;
  readonly method: string;
  readonly url: string;
  readonly resourceType: string;
  readonly headers: HeaderPairs;
  readonly page?: string;
  /** Whether it was made by or for the page's own document, and not by a frame in it. */
  readonly isMain: boolean;
  readonly body?: string;
  readonly redirectedFrom?: string;
  readonly answer?: { readonly at_ms: number; readonly status: number; readonly statusText: string; readonly headers: HeaderPairs };
  readonly failure?: { readonly at_ms: number; readonly error: string };
}

/** An event of the network as the recorder writes it. */
interface Line {
  readonly ts: number;
  readonly seq: number;
  readonly kind: string;
  readonly source?: string;
  readonly request_id: string;
  readonly method: string;
  readonly url: string;
  readonly resource_type?: string;
  readonly headers?: HeaderPairs;
  readonly page?: string;
  readonly frame?: string;
  readonly body?: { readonly text?: string };
  readonly redirected_from?: string;
  readonly status?: number;
  readonly status_text?: string;
  readonly error?: string;
}

/** The requests of the browser in the record, for the objects that skipped steps are given. Read when first wanted: most tests want none. */
export class Exchanges {
  readonly #order: Order;
  readonly #replay: Replay;
  /** A source of its own: what is looked up here answers no request. */
  #source: ReplaySource | undefined;
  #all: readonly Exchange[] | undefined;

  constructor(replay: Replay) {
    this.#order = replay.order;
    this.#replay = replay;
  }

  /** In order of their sending. */
  get all(): readonly Exchange[] {
    this.#all ??= readAll(this.#order.trace);
    return this.#all;
  }

  /** The document that a call loaded which began and ended then, after redirects. */
  document(from_ms: number, to_ms: number): Exchange | undefined {
    return this.all.filter(({ resourceType, isMain, sent_ms, answer }) => resourceType === 'document' && isMain && answer && !isRedirect(answer.status) && sent_ms >= from_ms && sent_ms <= to_ms).at(0);
  }

  /** The answer with its secrets; nothing where the record is looked through in vain. */
  hit({ seq, method, url, headers, body, sent_ms }: Exchange): Hit | undefined {
    this.#source ??= openSource(this.#order, true);
    const { base_url } = this.#replay.plan;
    if (this.#replay.isMoved && base_url) this.#source.mapOrigin(new URL(this.#replay.replayed(new URL(base_url).origin)).origin, new URL(base_url).origin);
    // The same request may have been answered before, and each answer is given once.
    for (let last = -1; ; ) {
      const { hit } = JSON.parse(this.#source.find({ method, url: this.#replay.replayed(url), headers, ...(body === undefined ? {} : { body: Buffer.from(body) }), phase: 'live', client: 'browser', atMs: sent_ms })) as { readonly hit?: Hit };
      if (!hit || hit.seq === seq) return hit;
      if (hit.seq <= last || hit.used !== 'next') return undefined;
      last = hit.seq;
    }
  }

  /** The body of an answer that `hit` gave. */
  body({ entry }: Hit): Buffer | undefined {
    return this.#source?.body(entry) ?? undefined;
  }
}

export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 304;
}

interface Reader {
  readonly TraceReader?: { open(path: string): { events(options: { kind: string }): readonly object[] } };
}

function readAll(trace: string): readonly Exchange[] {
  const { TraceReader } = createRequire(__filename)('@molar/trace-node') as Reader;
  const lines = (TraceReader?.open(trace).events({ kind: 'network.*' }) ?? []) as readonly Line[];
  const ends = new Map(lines.filter(({ kind }) => kind === 'network.response' || kind === 'network.failed').map((line) => [line.request_id, line]));
  // The frame of a request may be known only when it is answered.
  const asked = lines.filter(({ kind, source }) => kind === 'network.request' && source === undefined).map((line) => ({ ...placeOf(ends.get(line.request_id)), ...line }));
  const mains = new Map<string, number>();
  for (const { page, frame } of asked) if (page !== undefined) mains.set(page, Math.min(mains.get(page) ?? Infinity, numberOf(frame)));
  return asked.map((line) => exchangeOf(line, ends.get(line.request_id), line.page === undefined || mains.get(line.page) === numberOf(line.frame)));
}

function placeOf(line: Line | undefined): Pick<Line, 'page' | 'frame'> {
  return { ...(line?.page === undefined ? {} : { page: line.page }), ...(line?.frame === undefined ? {} : { frame: line.frame }) };
}

/** `p1f2` is the second frame of its page; the page's own is the first that was there. */
function numberOf(frame: string | undefined): number {
  return Number(/f(\d+)$/.exec(frame ?? '')?.[1] ?? Infinity);
}

function exchangeOf({ ts, seq, request_id, method, url, resource_type = 'other', headers = [], page, body, redirected_from }: Line, end: Line | undefined, isMain: boolean): Exchange {
  return {
    seq, method, url, headers, isMain, id: request_id, sent_ms: ts, resourceType: resource_type,
    ...(page === undefined ? {} : { page }),
    ...(body?.text === undefined ? {} : { body: body.text }),
    ...(redirected_from === undefined ? {} : { redirectedFrom: redirected_from }),
    ...(end?.status === undefined ? {} : { answer: { at_ms: end.ts, status: end.status, statusText: end.status_text ?? '', headers: end.headers ?? [] } }),
    ...(end?.error === undefined ? {} : { failure: { at_ms: end.ts, error: end.error } }),
  };
}
