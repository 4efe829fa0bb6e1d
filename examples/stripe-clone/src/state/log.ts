import type { World } from './world.js';

/** What a clone tells about itself beside its state: chaos that fired, webhooks that were answered, clock moves. */
export type LogBody =
  | { type: 'chaos.error'; rule: string; method: string; path: string; status: number; rate: number }
  | { type: 'chaos.latency'; rule: string; method: string; path: string; delay_ms: number }
  | { type: 'webhook.delivery'; delivery: string; event: string; event_type: string; url: string; attempt: number; status: number | null }
  | { type: 'clock.move'; from_ms: number; to_ms: number; cause: 'set' | 'advance' | 'restore' };

/** One entry; `seq` counts from 1 without gaps inside a world. */
export type LogEntry = { seq: number; at_ms: number } & LogBody;

const KEPT_ENTRIES = 1000;

/** Appends an entry and forgets the oldest beyond the bound. The log is a record, so it does not count as a mutation. */
export function log(world: World, at_ms: number, body: LogBody): void {
  world.log_seq += 1;
  world.events_tail.push({ seq: world.log_seq, at_ms, ...body });
  if (world.events_tail.length > KEPT_ENTRIES) world.events_tail.shift();
}
