import type { JsonObject } from '../canonical-json.js';
import type { ClockState, WallClock } from '../clock.js';
import { nowMs } from '../clock.js';
import type { RngState } from '../ids.js';
import { rngFromSeed } from '../ids.js';
import type { LogEntry } from './log.js';

/** What kind of clone this is, which version, and the tag of its snapshots. */
export const KIND = 'stripe';
export const VERSION = '1.0.0';
export const SCHEMA = 'molar/clones-stripe@v1';

/** Collections in the order in which a summary lists them. */
export const COLLECTIONS = [
  'customers', 'products', 'prices', 'payment_methods', 'payment_intents', 'subscriptions', 'invoices',
  'checkout_sessions', 'webhook_endpoints', 'events', 'webhook_deliveries',
] as const;
/** Name of a collection of vendor objects. */
export type CollectionName = (typeof COLLECTIONS)[number];

/** Work that waits for the virtual clock. */
export type Job = { id: number; due_ms: number; held: boolean } & (
  | { kind: 'webhook'; event: string; endpoint: string; attempt: number }
  | { kind: 'renewal'; subscription: string }
);

/** A rule that makes vendor requests fail or wait. */
export type InjectRule = { id: string; path: string; method: string | null; seen: number; fired: number } & (
  | { kind: 'error'; status: number; rate: number; times: number | null }
  | { kind: 'latency'; p50: number; p99: number }
  | { kind: 'ratelimit'; limit: number; window_ms: number; window_start_ms: number; window_count: number }
);

/** The answer kept for a vendor idempotency key. */
export interface KeptAnswer { fingerprint: string; status: number; body: JsonObject; at_ms: number }

/** Where a restored copy sends the webhooks of an endpoint: elsewhere, or nowhere. */
export type Routing = { url: string } | { disabled: true };

/**
 * Everything that can influence a later response of one run.
 *
 * - A restore never edits a world, it swaps in another one. A vendor request that began before the swap holds the old
 *   one, so it finishes unchanged and its writes are lost: that is the fence between epochs.
 * - `rev` counts mutations and is carried on by the next world.
 */
export interface World {
  rev: number;
  clock: ClockState;
  rng: RngState;
  collections: Record<CollectionName, Map<string, JsonObject>>;
  jobs: Job[];
  next_job_id: number;
  delivered_seq: number;
  idempotency: Map<string, KeptAnswer>;
  inject: InjectRule[];
  next_rule_id: number;
  events_tail: LogEntry[];
  log_seq: number;
  routing: Map<string, Routing>;
}

/** A world without objects whose ids follow from `seed` and `run`. */
export function emptyWorld(seed: string, run: string, rev: number): World {
  const collections = Object.fromEntries(COLLECTIONS.map((name) => [name, new Map()]));
  return {
    rev,
    clock: { mode: 'running', offset_ms: 0 },
    rng: rngFromSeed(seed, KIND, run),
    collections: collections as World['collections'],
    jobs: [],
    next_job_id: 1,
    delivered_seq: 0,
    idempotency: new Map(),
    inject: [],
    next_rule_id: 1,
    events_tail: [],
    log_seq: 0,
    routing: new Map(),
  };
}

/** Virtual now of a world in whole seconds, the unit of Stripe's timestamps. */
export function nowSeconds(world: World, wall: WallClock): number {
  return Math.floor(nowMs(world.clock, wall) / 1000);
}

/** Stores an object under its id and counts the mutation. */
export function put(world: World, collection: CollectionName, object: JsonObject): void {
  world.collections[collection].set(String(object['id']), object);
  world.rev += 1;
}

type NewJob = Job extends infer J ? (J extends Job ? Omit<J, 'id' | 'held'> : never) : never;

/** Queues a job behind those already there. */
export function schedule(world: World, job: NewJob): void {
  world.jobs.push({ ...job, id: world.next_job_id, held: false });
  world.next_job_id += 1;
  world.rev += 1;
}
