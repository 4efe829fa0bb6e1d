import type { Json } from '../canonical-json.js';
import { isObject, sha256 } from '../canonical-json.js';

const SECRET_MEMBERS = new Set(['secret', 'client_secret']);

/** A copy in which secrets are `{"$redacted":"sha256:…"}`: equality survives, the value does not. */
export function redacted(value: Json): Json {
  if (Array.isArray(value)) return value.map(redacted);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [
    name,
    SECRET_MEMBERS.has(name) && typeof member === 'string' ? { $redacted: sha256(member) } : redacted(member),
  ]));
}
