import { digestOf } from '../canonical-json.js';
import type { Call, Result } from './call.js';
import { StripeError } from './errors.js';

const KEPT_MS = 24 * 3_600_000;
const MAX_KEY_LENGTH = 255;

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
  call.world.idempotency.set(key, { fingerprint, ...result, at_ms: call.nowMs });
  return { ...result, replayed: false };
}
