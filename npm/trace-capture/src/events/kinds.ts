import type { Json, Payload } from '../values.js';
import { asJson } from '../values.js';

/** Most bytes of one event that did not come from the recorder itself. */
export const MAX_PAYLOAD: number = 1024 * 1024;

const KIND = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/;
/** Kinds whose order and meaning the recorder vouches for. */
const OWN = new Set(['run.start', 'run.end', 'step.start', 'step.end', 'capture.notice']);
/** Names that stand in the envelope of a line. */
const ENVELOPE = ['ts', 'seq', 'kind', 'step_id'];

/** An event that a test or another process wants in the trace: its payload, or why it is none. */
export type Offer = { readonly payload: Payload } | { readonly fault: string };

/** Checks an event that comes from outside of the recorder. */
export function offered(kind: unknown, payload: unknown): Offer {
  if (typeof kind !== 'string' || !KIND.test(kind) || OWN.has(kind)) return { fault: `\`${String(kind).slice(0, 100)}\` is not a kind a test can append` };
  const value: Json | undefined = asJson(payload, MAX_PAYLOAD);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { fault: `the payload of \`${kind}\` is not a JSON object, or larger than ${MAX_PAYLOAD} bytes` };
  const taken = ENVELOPE.find((name) => Object.hasOwn(value, name));
  return taken === undefined ? { payload: value as Payload } : { fault: `the payload of \`${kind}\` has \`${taken}\`, which the recorder writes` };
}
