import type { JsonObject } from '../canonical-json.js';
import { canonicalJson, isObject } from '../canonical-json.js';
import { problem } from '../http/problem.js';
import { nextId } from '../ids.js';
import type { SeedData } from './scenarios.js';
import { scenarioData, scenarioNames } from './scenarios.js';
import type { CollectionName, World } from './world.js';
import { put } from './world.js';

/** Collections that a seed may fill, with id prefix and the members a seeded object may leave out. */
const SEEDABLE: Partial<Record<CollectionName, { prefix: string; defaults: JsonObject }>> = {
  customers: { prefix: 'cus', defaults: { object: 'customer', name: null, description: null, metadata: {}, balance: 0 } },
  products: { prefix: 'prod', defaults: { object: 'product', active: true, default_price: null, description: null, images: [], metadata: {}, type: 'service' } },
  prices: {
    prefix: 'price',
    defaults: { object: 'price', active: true, billing_scheme: 'per_unit', lookup_key: null, metadata: {}, nickname: null, recurring: null, tax_behavior: 'unspecified' },
  },
};

/** What a seed request wants in the world: the scenario first, then the data. Throws 400 on what no seed can fill. */
export function wantedData(scenario: unknown, data: unknown): SeedData[] {
  const named = typeof scenario === 'string' ? scenarioData(scenario) : {};
  if (!named || (scenario !== undefined && typeof scenario !== 'string')) {
    throw problem('bad_request', `unknown scenario \`${String(scenario)}\`; there are \`${scenarioNames().join('`, `')}\``);
  }
  return [named, checkedData(data)];
}

function checkedData(data: unknown): SeedData {
  if (data === undefined) return {};
  if (!isObject(data)) throw problem('bad_request', '`data` must be an object of lists');
  for (const [name, items] of Object.entries(data)) {
    if (!Object.hasOwn(SEEDABLE, name)) throw problem('bad_request', `\`data.${name}\` cannot be seeded; there are \`${Object.keys(SEEDABLE).join('`, `')}\``);
    if (!Array.isArray(items) || !items.every(isObject)) throw problem('bad_request', `\`data.${name}\` must be a list of objects`);
  }
  return data as SeedData;
}

/** Puts seeded objects into a world that nobody serves yet, so that a conflict leaves the served one as it was. */
export function plant(world: World, data: SeedData, nowSeconds: number): void {
  for (const [name, items] of Object.entries(data)) {
    const collection = name as CollectionName;
    const kind = SEEDABLE[collection];
    if (!kind) continue;
    for (const item of items) plantOne(world, collection, { created: nowSeconds, livemode: false, ...kind.defaults, ...item }, kind.prefix, item);
  }
}

function plantOne(world: World, collection: CollectionName, object: JsonObject, prefix: string, asked: JsonObject): void {
  const id = typeof asked['id'] === 'string' ? asked['id'] : nextId(world.rng, prefix);
  const there = world.collections[collection].get(id);
  if (!there) return put(world, collection, { id, ...object });
  const differs = Object.entries(asked).some(([member, value]) => canonicalJson(there[member] ?? null) !== canonicalJson(value));
  if (differs) throw problem('state_conflict', `\`${id}\` exists in \`${collection}\` with other content`);
}
