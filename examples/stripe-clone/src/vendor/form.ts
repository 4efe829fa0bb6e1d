import type { Json, JsonObject } from '../canonical-json.js';
import { isObject } from '../canonical-json.js';

const MAX_DEPTH = 16;

/**
 * Decodes Stripe's form notation: `a[b]=1&list[0][x]=2&tags[]=y` becomes `{a:{b:'1'},list:[{x:'2'}],tags:['y']}`.
 * Values stay strings; each resource reads them as what it expects.
 */
export function decodeForm(text: string): JsonObject {
  const root = bare();
  for (const [name, value] of new URLSearchParams(text)) assign(root, pathOf(name), value);
  return listsOf(root) as JsonObject;
}

function pathOf(name: string): string[] {
  const head = name.split('[', 1)[0] ?? '';
  const rest = [...name.slice(head.length).matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? '');
  return [head, ...rest].slice(0, MAX_DEPTH);
}

function assign(root: JsonObject, path: string[], value: string): void {
  let at = root;
  for (const [i, raw] of path.entries()) {
    const key = raw === '' ? String(Object.keys(at).length) : raw;
    if (i === path.length - 1) {
      at[key] = value;
      return;
    }
    const next = at[key];
    at = isObject(next) ? next : (at[key] = bare());
  }
}

/** Objects whose keys are exactly 0..n-1 are lists. */
function listsOf(value: Json): Json {
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, member]) => [key, listsOf(member)] as const);
  const isList = entries.length > 0 && entries.every(([key], i) => key === String(i));
  return isList ? entries.map(([, member]) => member) : Object.fromEntries(entries);
}

function bare(): JsonObject {
  // Without a prototype a parameter called `__proto__` is just a key.
  return Object.create(null) as JsonObject;
}
