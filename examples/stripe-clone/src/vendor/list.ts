import type { Json, JsonObject } from '../canonical-json.js';
import { isObject } from '../canonical-json.js';
import type { CollectionName, World } from '../state/world.js';
import { COLLECTIONS } from '../state/world.js';
import type { Call } from './call.js';
import { integer, text } from './call.js';
import { invalidParam } from './errors.js';

/** A Stripe list: newest first, paged by `limit`, `starting_after` and `ending_before`. */
export function list(call: Call, collection: CollectionName, url: string, filters: string[] = []): JsonObject {
  const limit = call.params['limit'] === undefined ? 10 : integer(call.params['limit'], 'limit', 1);
  if (limit > 100) throw invalidParam('limit', 'Invalid integer: must be at most 100');
  const wanted = filters.map((name) => [name, text(call, name)] as const).filter(([, value]) => value !== null);
  const matching = [...call.world.collections[collection].values()].reverse()
    .filter((item) => item['deleted'] !== true && wanted.every(([name, value]) => String(item[name]) === value));
  const { items, hasMore } = page(matching, text(call, 'starting_after'), text(call, 'ending_before'), limit);
  return { object: 'list', data: items, has_more: hasMore, url };
}

function page(all: JsonObject[], after: string | null, before: string | null, limit: number): { items: JsonObject[]; hasMore: boolean } {
  const place = (id: string, param: string): number => {
    const index = all.findIndex((item) => item['id'] === id);
    if (index < 0) throw invalidParam(param, `No such object: '${id}'`);
    return index;
  };
  if (before !== null) {
    const end = place(before, 'ending_before');
    return { items: all.slice(Math.max(0, end - limit), end), hasMore: end > limit };
  }
  const start = after === null ? 0 : place(after, 'starting_after') + 1;
  return { items: all.slice(start, start + limit), hasMore: all.length > start + limit };
}

/** Replaces ids by their objects along each `expand[]` path, on a copy. */
export function expanded(world: World, body: JsonObject, paths: Json | undefined): JsonObject {
  if (!Array.isArray(paths)) return body;
  return paths.filter((path) => typeof path === 'string').reduce((value, path) => expandPath(world, value, path.split('.')), body as Json) as JsonObject;
}

function expandPath(world: World, value: Json, path: string[]): Json {
  if (Array.isArray(value)) return value.map((item) => expandPath(world, item, path));
  const target = typeof value === 'string' ? byId(world, value) : value;
  const [head, ...rest] = path;
  if (!isObject(target) || head === undefined) return target ?? value;
  const member = target[head];
  return member === undefined || member === null ? target : { ...target, [head]: expandPath(world, member, rest) };
}

function byId(world: World, id: string): JsonObject | undefined {
  for (const name of COLLECTIONS) {
    const object = world.collections[name].get(id);
    if (object) return object;
  }
  return undefined;
}
