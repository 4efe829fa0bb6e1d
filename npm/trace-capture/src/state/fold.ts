import type { Cloned } from '../injected/state/cloned.js';
import type { PartName, RecordedState } from './types.js';

/** The state of a context after some of its events: their secrets, opened, in order. Each event overrides those before it. */
export function stateAfter(secrets: Iterable<RecordedState>): ReadonlyMap<PartName, Cloned> {
  const parts = new Map<PartName, Cloned>();
  for (const { parts: changed } of secrets) {
    for (const [name, { value }] of Object.entries(changed)) {
      if (value === null) parts.delete(name);
      else parts.set(name, value);
    }
  }
  return parts;
}
