import { createHash } from 'node:crypto';

/** A value that JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/**
 * RFC 8785: no white space, members sorted by UTF-16 code units, numbers and strings as ECMAScript prints them.
 * Members that are `undefined` are left out, as `JSON.stringify` does.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    // The default sort compares UTF-16 code units, which is the order that the RFC asks for.
    members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`\`${value}\` has no JSON form`);
  return JSON.stringify(value);
}

/** `sha256:<hex>` of bytes or text. */
export function sha256(data: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

/** Digest of a value's canonical JSON: equal values give equal digests. */
export function digestOf(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** Nesting depth of a parsed value; a scalar has depth 0. */
export function depthOf(value: unknown): number {
  let depth = 0;
  let level: unknown[] = [value];
  // Level by level instead of recursion, so that hostile nesting cannot exhaust the stack.
  for (;;) {
    const next: unknown[] = [];
    for (const item of level) if (item !== null && typeof item === 'object') next.push(...Object.values(item));
    if (!level.some((item) => item !== null && typeof item === 'object')) return depth;
    depth += 1;
    level = next;
  }
}

/** Narrows an unknown value to a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
