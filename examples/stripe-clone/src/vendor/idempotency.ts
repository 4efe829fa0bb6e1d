import { digestOf } from '../canonical-json.js';
import type { Call, Result } from './call.js';
import { StripeError } from './errors.js';

const KEPT_MS = 24 * 3_600_000;
const MAX_KEY_LENGTH = 255;
// The official client sends a key with every POST, and all of them travel in each snapshot.
const MAX_KEPT = 2000;

/** A result that may have been given before. */
export type Replayable = Result & { replayed: boolean };

/** Answers a key that was seen before with what it got then; the same key with other parameters is Stripe's 400. */
export function once(call: Call, key: string | undefined, method: string, path: string, deed: () => Result): Replayable {
  if (key === undefined || method !== 'POST') return { ...deed(), replayed: false };
  if (key.length > MAX_KEY_LENGTH) throw new StripeError(400, 'invalid_request_error', `Idempotency keys are at most ${MAX_KEY_LENGTH} characters.`);
  const fingerprint = digestOf({ path, params: call.params });
  const kept = call.world.idempotency.get(key);
  if (kept && call.nowMs - kept.at_ms < KEPT_MS) {
    if (kept.fingerprint === fingerprint) return { status: kept.status, body: kept.body, replayed: true };
    throw new StripeError(400, 'idempotency_error',
      `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`);
  }
  const result = deed();
  // Delete first, so that a key used again after it expired counts as new in the order of age.
  call.world.idempotency.delete(key);
  call.world.idempotency.set(key, { fingerprint, ...result, at_ms: call.nowMs });
  forgetOldest(call);
  return { ...result, replayed: false };
}

function forgetOldest({ world, nowMs }: Call): void {
  for (const [key, { at_ms }] of world.idempotency) {
    if (world.idempotency.size <= MAX_KEPT && nowMs - at_ms < KEPT_MS) return;
    world.idempotency.delete(key);
  }
}
