import type { JsonObject } from '../canonical-json.js';
import type { Answer } from '../http/exchange.js';
import type { Call } from './call.js';
import { CARD_FRAME, checkoutPage } from './page-text.js';
import { paySession } from './resources/checkout-sessions.js';

const HTML = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };

/**
 * Pages for browsers: the card fields that a shop embeds from the vendor's origin, and the hosted checkout.
 * They carry no API key, as at the vendor: whoever has the session's URL may pay it.
 */
export function pageFor(method: string, path: string, callFor: (path: Record<string, string>) => Call): Answer | undefined {
  if (method === 'GET' && path === '/elements/card') return html(200, CARD_FRAME);
  const id = /^\/c\/pay\/(cs_test_\w+)$/.exec(path)?.[1];
  if (id === undefined) return undefined;
  const call = callFor({ id });
  const session = call.world.collections.checkout_sessions.get(id);
  if (!session) return html(404, checkoutPage('This checkout does not exist', undefined));
  if (method === 'GET') return html(200, checkoutPage('Pay', session['status'] === 'open' ? session : undefined));
  return method === 'POST' ? paid(call, session) : undefined;
}

function paid(call: Call, session: JsonObject): Answer {
  if (session['status'] !== 'open') return html(409, checkoutPage('This checkout is closed', undefined));
  paySession(call);
  const target = session['success_url'];
  if (typeof target !== 'string') return html(200, checkoutPage('Thank you', undefined));
  const location = new URL(target.replaceAll('{CHECKOUT_SESSION_ID}', String(session['id']))).href;
  return { status: 303, headers: { location }, body: Buffer.alloc(0) };
}

function html(status: number, text: string): Answer {
  return { status, headers: HTML, body: Buffer.from(text) };
}
