import { readFileSync } from 'node:fs';
import type { HoldOrder } from './hold.js';
import type { RelayOrder } from './relay.js';

/** How steps before the one that is replayed are got over. */
export type Strategy = 'fast-forward' | 'restore' | 'auto';

/** What answers the application's own origin from the replayed step on. */
export type AppMode = 'live' | 'recorded' | 'hybrid';

/** What a worker is to replay, and how; written by who starts it. */
export interface Order {
  readonly version: 1;
  readonly replay_id: string;
  /** Directory of the recorded trace. */
  readonly trace: string;
  /** Root of the store of the trace's blobs. */
  readonly blobs?: string | null;
  /** The first step that runs for real, 1-based among the steps of the test's own level. */
  readonly from_step: number;
  readonly strategy: Strategy;
  readonly app_mode: AppMode;
  /** Whether neither the application nor a simulator is asked, since none was restored. */
  readonly is_on_record?: boolean;
  /** File of the key that opens the trace's vault. */
  readonly vault_key?: string | null;
  /** Origins whose requests go where they say, always. */
  readonly passthrough?: readonly string[];
  readonly app_origins?: readonly string[];
  readonly guest: string;
  /** File that progress is appended to. */
  readonly progress?: string | null;
  /** Longest that nothing at all may happen in a step that is carried out on the record; the guest's own bound when absent. */
  readonly stall_ms?: number | null;
  /** Whether clones were restored for this replay. */
  readonly has_clones?: boolean;
  /** Sends what changed something in the skipped steps to the running application, before the first live step. */
  readonly server_fast_forward?: boolean;
  /** A file that is written when the clones are back where they were, after those requests have changed them. */
  readonly clones_restored?: string | null;
  /** What was changed in the code: unified diffs, where they are not too long. */
  readonly edits?: readonly { readonly name: string; readonly patch?: string }[];
  /** Keeps the browser at the step, and the test from going on. */
  readonly hold?: HoldOrder | null;
  /** Where the runner waits to ask the browser that is kept. */
  readonly relay?: RelayOrder | null;
}

/** Reads an order. Throws a sentence that names the field which is wrong. */
export function readOrder(path: string): Order {
  const order = JSON.parse(readFileSync(path, 'utf8')) as Partial<Order>;
  const wrong = (field: string, wanted: string): Error => new Error(`the order of a replay, ${path}: \`${field}\` must be ${wanted}`);
  if (order.version !== 1) throw wrong('version', '1; another version of the runner wrote it');
  if (typeof order.trace !== 'string') throw wrong('trace', 'the directory of a trace');
  if (typeof order.replay_id !== 'string') throw wrong('replay_id', 'a text');
  if (!Number.isInteger(order.from_step) || (order.from_step ?? 0) < 1) throw wrong('from_step', 'a number from 1 on');
  if (!['fast-forward', 'restore', 'auto'].includes(order.strategy ?? '')) throw wrong('strategy', '`fast-forward`, `restore` or `auto`');
  if (!['live', 'recorded', 'hybrid'].includes(order.app_mode ?? '')) throw wrong('app_mode', '`live`, `recorded` or `hybrid`');
  return order as Order;
}
