import type { Found, Hit, OriginClass } from '../source.js';

/** Writes an event into the trace of the replay. */
export type Append = (kind: string, payload: Record<string, unknown>) => void;

/** How requests were answered, by number. */
export interface Counts {
  recorded: number;
  failed: number;
  live: number;
  missed: number;
  /** Answers by how surely they were found. */
  tiers: Record<string, number>;
}

/** A request that the record had no answer for. */
export interface Missed {
  readonly method: string;
  readonly url: string;
  readonly class: OriginClass;
  readonly near: readonly unknown[];
}

/** Storms of the same finding say nothing new. */
const MOST_EVENTS = 500;

/** What the replay's network did, told as events and kept as counts. */
export class Findings {
  readonly counts: Counts = { recorded: 0, failed: 0, live: 0, missed: 0, tiers: {} };
  readonly #append: Append;
  #first: Missed | undefined;
  #events = 0;

  constructor(append: Append) {
    this.#append = append;
  }

  /** The first request that was missed. */
  get firstMiss(): Missed | undefined {
    return this.#first;
  }

  live(): void {
    this.counts.live += 1;
  }

  hit(method: string, url: string, hit: Hit): void {
    this.counts.recorded += 1;
    this.counts.tiers[hit.tier] = (this.counts.tiers[hit.tier] ?? 0) + 1;
    if (hit.answer.kind !== 'response') this.counts.failed += 1;
    const missing = hit.answer.kind === 'response' && hit.answer.body === 'missing';
    if (hit.tier === 'exact' && hit.used !== 'overrun' && !missing) return;
    this.#tell('network.match', {
      method, url, tier: hit.tier, used: hit.used ?? 'next', score: hit.score ?? 1, recorded_seq: hit.recorded_seq, deltas: hit.deltas ?? [],
      ...(missing ? { body: 'missing' } : {}),
    });
  }

  miss(method: string, url: string, originClass: OriginClass, { near }: NonNullable<Found['miss']>): void {
    this.counts.missed += 1;
    const missed: Missed = { method, url, class: originClass, near: near.slice(0, 3) };
    this.#first ??= missed;
    this.#tell('network.miss', { ...missed });
  }

  #tell(kind: string, payload: Record<string, unknown>): void {
    this.#events += 1;
    if (this.#events <= MOST_EVENTS) this.#append(kind, payload);
  }
}
