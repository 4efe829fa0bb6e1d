import { createRequire } from 'node:module';
import type { Order } from './order.js';

/** Whose an origin is. */
export type OriginClass = 'app' | 'clone' | 'third-party' | 'passthrough';

/** A request as it is asked for in the replay. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: Buffer;
  readonly phase: 'restoring' | 'live';
  /** Who asks: a page or worker, or the test's own client (`request`). */
  readonly client?: 'browser' | 'test';
  /** Milliseconds on the recorded trace's axis. */
  readonly atMs: number;
}

/** What the record answers. */
export type Answer =
  | { readonly kind: 'response'; readonly status: number; readonly status_text?: string | null; readonly headers: readonly (readonly [string, string])[]; readonly chunks?: readonly (readonly [number, number])[] | null; readonly open?: boolean; readonly body: 'none' | 'whole' | 'missing'; readonly why?: string; readonly duration_ms: number }
  | { readonly kind: 'failed'; readonly error: string; readonly duration_ms: number }
  | { readonly kind: 'open' };

/** A recorded exchange that fits a request, and how well. */
export interface Hit {
  readonly entry: number;
  /** Seq of the recorded request. */
  readonly seq: number;
  readonly tier: 'exact' | 'normalised' | 'scored';
  readonly used: 'next' | 'as_of' | 'overrun';
  readonly score: number;
  readonly deltas: readonly unknown[];
  /** The part of a whole body that a range asks for: first and last byte. */
  readonly slice?: readonly [number, number | null] | null;
  readonly answer: Answer;
}

/** What looking a request up gives. */
export type Found = { readonly hit: Hit; readonly miss?: undefined } | { readonly hit?: undefined; readonly miss: { readonly near: readonly unknown[] } };

/** What a replay is going to do, as far as the guest needs it. */
export interface ReplayPlan {
  readonly trace_id: string;
  readonly from_step: number;
  readonly step: { readonly id: string; readonly title: string; readonly seq: number; readonly ts_ms: number };
  /** `retry` is the recorded attempt, from 0. */
  readonly test: { readonly retry: number };
  readonly steps: readonly { readonly index: number; readonly title: string; readonly id: string; readonly ts_ms?: number }[];
  readonly base_url?: string | null;
  readonly wall_ms_at_step?: number;
  readonly seed?: string | null;
  readonly network?: { readonly origins: readonly { readonly origin: string; readonly class: OriginClass }[] };
  readonly warnings?: readonly { readonly code: string; readonly message: string }[];
}

/** The recorded trace, opened for a replay by `@molar/trace-node`. */
export interface ReplaySource {
  plan(): string;
  originClass(url: string): OriginClass;
  mapOrigin(replayed: string, recorded: string): void;
  find(asked: Asked): string;
  body(entry: number): Buffer | null;
  sockets(): string;
  state(): string;
  tape(): string;
  /** JSON array of `Change`. */
  changes(): string;
  /** JSON of how a recorded page compares with its document as it is; null when the record has none of it. */
  besideDocument?(page: string, live: string): Promise<string | null>;
}

/** A recorded request of a skipped step that changed something at the application, secrets put back. */
export interface Change {
  readonly seq: number;
  readonly sent_ms: number;
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Base64; empty where there was none. */
  readonly body: string;
  /** Of the recorded answer. */
  readonly status: number;
  readonly set_cookie: readonly string[];
}

interface ReplaySourceClass {
  open(options: { directory: string; blobs?: string; fromStep: number; wholeRun: boolean; vaultKey?: string; appOrigins?: string[]; passthrough?: string[] }): ReplaySource;
}

/** Opens the trace that an order names. `wholeRun` serves steps before the first live one in order too. */
export function openSource(order: Order, wholeRun: boolean): ReplaySource {
  const { ReplaySource: addon } = createRequire(__filename)('@molar/trace-node') as { readonly ReplaySource?: ReplaySourceClass };
  if (!addon) throw new Error('@molar/trace-node has no `ReplaySource`: install the release that belongs to this package');
  return addon.open({
    directory: order.trace,
    fromStep: order.from_step,
    wholeRun,
    ...(order.blobs ? { blobs: order.blobs } : {}),
    ...(order.vault_key ? { vaultKey: order.vault_key } : {}),
    appOrigins: [...(order.app_origins ?? [])],
    passthrough: [...(order.passthrough ?? [])],
  });
}
