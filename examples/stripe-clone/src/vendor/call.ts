import type { Json, JsonObject } from '../canonical-json.js';
import { isObject } from '../canonical-json.js';
import { nextId } from '../ids.js';
import type { CollectionName, World } from '../state/world.js';
import { put } from '../state/world.js';
import { invalidParam, missingParam, noSuch } from './errors.js';

/** One vendor request as a resource sees it: it works on `world` synchronously and so applies whole or not at all. */
export interface Call {
  world: World;
  run: string;
  /** Virtual now in milliseconds and in whole seconds. */
  nowMs: number;
  now: number;
  /** `http://host:port/t/{run}`. */
  baseUrl: string;
  params: JsonObject;
  /** What the pattern's `:name` parts matched. */
  path: Record<string, string>;
}

/** What a resource answers; a plain object means 200. */
export interface Result { status: number; body: JsonObject }

/** A route of the vendor API. */
export interface Route { method: 'GET' | 'POST' | 'DELETE'; pattern: string; handle: (call: Call) => JsonObject | Result }

/** A text parameter, or `null`. */
export function text(call: Call, name: string): string | null {
  const value = call.params[name];
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string') throw invalidParam(name, `Invalid string: ${name}`);
  return value;
}

/** A text parameter that must be there. */
export function required(call: Call, name: string): string {
  const value = text(call, name);
  if (value === null) throw missingParam(name);
  return value;
}

/** A whole number of at least `min`. */
export function integer(value: Json | undefined, name: string, min = 0): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : NaN;
  if (!Number.isSafeInteger(number)) throw invalidParam(name, `Invalid integer: ${String(value)}`);
  if (number < min) throw invalidParam(name, `Invalid integer: must be at least ${min}`);
  return number;
}

/** The `currency` parameter: three letters, in lower case. */
export function currency(call: Call): string {
  const code = required(call, 'currency').toLowerCase();
  if (!/^[a-z]{3}$/.test(code)) throw invalidParam('currency', `Invalid currency: ${code.slice(0, 20)}`);
  return code;
}

/** A boolean parameter. */
export function flag(call: Call, name: string): boolean {
  return call.params[name] === 'true' || call.params[name] === true;
}

/** The `metadata` parameter on top of what was there; an empty value removes its key, as at Stripe. */
export function metadata(call: Call, before: Json = {}): JsonObject {
  const given = call.params['metadata'];
  const merged = { ...(isObject(before) ? before : {}), ...(isObject(given) ? given : {}) };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''));
}

/** Whether a parameter was sent at all. */
export function given(call: Call, name: string): boolean {
  return Object.hasOwn(call.params, name);
}

/** Text parameters that were sent, so that an update touches only these. */
export function givenTexts(call: Call, names: string[]): JsonObject {
  return Object.fromEntries(names.filter((name) => given(call, name)).map((name) => [name, text(call, name)]));
}

/** The object with the id in the path, or 404. */
export function found(call: Call, collection: CollectionName, noun: string): JsonObject {
  return lookup(call, collection, noun, call.path['id'] ?? '');
}

/** The object with that id, or Stripe's `resource_missing`. */
export function lookup(call: Call, collection: CollectionName, noun: string, id: string, param = 'id'): JsonObject {
  const object = call.world.collections[collection].get(id);
  if (!object || object['deleted'] === true) throw noSuch(noun, id, param);
  return object;
}

/** A new object with the members every Stripe object has; `members` may bring an id that was drawn before. */
export function create(call: Call, collection: CollectionName, object: string, prefix: string, members: JsonObject): JsonObject {
  const id = members['id'] ?? nextId(call.world.rng, prefix);
  const created: JsonObject = { id, object, created: call.now, livemode: false, ...members };
  put(call.world, collection, created);
  return created;
}

/** A changed copy in place of the stored object. Answers already given keep the old one. */
export function change(call: Call, collection: CollectionName, object: JsonObject, members: JsonObject): JsonObject {
  const changed = { ...object, ...members };
  put(call.world, collection, changed);
  return changed;
}
