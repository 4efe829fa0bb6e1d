import type { MutationData, RrwebEvent } from './rrweb-types.js';
import { EventType, Source } from './rrweb-types.js';
import type { InjectedOptions } from './wire.js';

/** What a burst of changes asks for. */
export type Burst = 'fine' | 'heavy' | 'too-much';

/** Number of nodes one event changes; 0 for everything that is no mutation. */
export function changedNodes(event: RrwebEvent): number {
  if (event.type !== EventType.incremental) return 0;
  const data = event.data as MutationData;
  if (data.source !== Source.mutation) return 0;
  return data.adds.length + data.removes.length + data.texts.length + data.attributes.length;
}

/** A bucket of changed nodes: bursts are allowed, a storm that outruns the refill is not. Time is an argument. */
export class MutationBudget {
  readonly #options: InjectedOptions;
  #left: number;
  #at: number;

  constructor(options: InjectedOptions, now: number) {
    this.#options = options;
    this.#left = options.hard_mutations;
    this.#at = now;
  }

  spend(changed: number, now: number): Burst {
    const refill = ((now - this.#at) / 1000) * this.#options.hard_refill_per_second;
    this.#left = Math.min(this.#options.hard_mutations, this.#left + refill) - changed;
    this.#at = now;
    if (this.#left < 0) return 'too-much';
    return changed > this.#options.soft_mutations ? 'heavy' : 'fine';
  }
}

/** Allows so many deeds per second. Time is an argument. */
export class RateLimit {
  readonly #perSecond: number;
  #times: number[] = [];

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  allows(now: number): boolean {
    this.#times = this.#times.filter((time) => now - time < 1000);
    if (this.#times.length >= this.#perSecond) return false;
    this.#times.push(now);
    return true;
  }
}
