import type { JsonObject } from '../canonical-json.js';
import { digestOf } from '../canonical-json.js';
import type { World } from './world.js';
import { COLLECTIONS } from './world.js';

/** Count and digest of each collection, and one digest over everything. */
export interface Summary { collections: Record<string, { count: number; digest: string }>; digest: string }

/** A collection as reads show it, in creation order; `jobs` and `inject` are read like vendor objects. */
export function itemsOf(world: World, collection: string): JsonObject[] | undefined {
  if (collection === 'jobs') return world.jobs.map((job) => ({ ...job }));
  if (collection === 'inject') return world.inject.map((rule) => ({ ...rule }));
  const name = COLLECTIONS.find((known) => known === collection);
  return name && [...world.collections[name].values()];
}

/**
 * Digests of the raw state: two different secrets must not look equal, so redaction comes after.
 *
 * Left out are `run`, `epoch` and `rev`, which change on restore; the clock, which moves by itself; where a restored
 * copy routes its webhooks; and idempotency keys, which clients choose at random.
 */
export function summarize(world: World): Summary {
  const collections: Summary['collections'] = {};
  for (const name of [...COLLECTIONS, 'jobs', 'inject']) {
    const items = (itemsOf(world, name) ?? []).map((item) => (name === 'jobs' ? { ...item, held: false } : item));
    collections[name] = { count: items.length, digest: digestOf(items) };
  }
  return { collections, digest: digestOf({ collections, rng: { key_ref: world.rng.key_ref, counter: world.rng.counter } }) };
}
