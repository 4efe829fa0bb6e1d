import { createHmac } from 'node:crypto';
import type { JsonObject } from './canonical-json.js';
import { isObject } from './canonical-json.js';

const KEPT_BODY_BYTES = 1024;

/** How a receiver answered: with a status, or not at all. */
export type Reception = { status: number; body: string; error: null } | { status: null; body: null; error: string };

/** `t=…,v1=…`, the header that `stripe.webhooks.constructEvent` verifies. */
export function signatureHeader(payload: string, secret: string, timestamp: number): string {
  return `t=${timestamp},v1=${createHmac('sha256', secret).update(`${timestamp}.${payload}`).digest('hex')}`;
}

/** Sends one event to one URL and says what came back; a refused connection is an answer too. */
export async function deliver(url: string, event: JsonObject, secret: string, timestamp: number, timeoutMs: number): Promise<Reception> {
  const payload = JSON.stringify(event, null, 2);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        'stripe-signature': signatureHeader(payload, secret, timestamp),
      },
      body: payload,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = Buffer.from(await response.arrayBuffer()).subarray(0, KEPT_BODY_BYTES).toString('utf8');
    return { status: response.status, body, error: null };
  } catch (error) {
    return { status: null, body: null, error: reason(error) };
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause;
  return isObject(cause) && typeof cause['code'] === 'string' ? cause['code'] : error.name === 'TimeoutError' ? 'timeout' : error.message;
}
