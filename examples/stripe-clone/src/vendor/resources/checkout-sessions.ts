import type { Json, JsonObject } from '../../canonical-json.js';
import { isObject } from '../../canonical-json.js';
import { emit } from '../../events.js';
import type { Call, Route } from '../call.js';
import { change, create, found, integer, lookup, metadata, required, text } from '../call.js';
import { invalidParam, missingParam, StripeError } from '../errors.js';
import { list } from '../list.js';
import { confirm, newIntent } from './payment-intents.js';
import { startSubscription } from './subscriptions.js';

const LIFE_SECONDS = 24 * 3600;

/** `/v1/checkout/sessions`. */
export const checkoutSessions: Route[] = [
  { method: 'POST', pattern: '/v1/checkout/sessions', handle: createSession },
  { method: 'GET', pattern: '/v1/checkout/sessions', handle: (call) => list(call, 'checkout_sessions', '/v1/checkout/sessions', ['customer']) },
  { method: 'GET', pattern: '/v1/checkout/sessions/:id', handle: (call) => found(call, 'checkout_sessions', 'checkout.session') },
  {
    method: 'POST', pattern: '/v1/checkout/sessions/:id/expire', handle: (call) => {
      const session = change(call, 'checkout_sessions', openSession(call), { status: 'expired', url: null });
      emit(call.world, call.nowMs, 'checkout.session.expired', session);
      return session;
    },
  },
];

function createSession(call: Call): JsonObject {
  const mode = required(call, 'mode');
  if (mode !== 'payment' && mode !== 'subscription') throw invalidParam('mode', `Invalid mode: must be one of payment or subscription`);
  const customer = text(call, 'customer');
  if (customer !== null) lookup(call, 'customers', 'customer', customer, 'customer');
  const lines = lineItems(call, call.params['line_items']);
  for (const name of ['success_url', 'cancel_url']) {
    const url = text(call, name);
    if (url !== null && !URL.canParse(url)) throw invalidParam(name, `Invalid URL: ${name}`);
  }
  const session = create(call, 'checkout_sessions', 'checkout.session', 'cs_test', {
    amount_subtotal: total(lines), amount_total: total(lines), cancel_url: text(call, 'cancel_url'), client_reference_id: text(call, 'client_reference_id'),
    currency: lines[0]?.currency ?? null, customer, customer_email: text(call, 'customer_email'), expires_at: call.now + LIFE_SECONDS,
    invoice: null, metadata: metadata(call), mode, payment_intent: null, payment_method_types: ['card'], payment_status: 'unpaid',
    status: 'open', subscription: null, success_url: text(call, 'success_url'), clone_line_items: lines,
  });
  return change(call, 'checkout_sessions', session, { url: `${call.baseUrl}/c/pay/${String(session['id'])}` });
}

type Line = { price: string; quantity: number; unit_amount: number; currency: string };

function lineItems(call: Call, given: Json | undefined): Line[] {
  if (!Array.isArray(given) || given.length === 0) throw missingParam('line_items');
  return given.map((item, i) => {
    const id = isObject(item) ? item['price'] : undefined;
    if (!isObject(item) || typeof id !== 'string') throw missingParam(`line_items[${i}][price]`);
    const price = lookup(call, 'prices', 'price', id, `line_items[${i}][price]`);
    return {
      price: id, quantity: integer(item['quantity'] ?? '1', `line_items[${i}][quantity]`, 1),
      unit_amount: Number(price['unit_amount']), currency: String(price['currency']),
    };
  });
}

function total(lines: Line[]): number {
  return lines.reduce((sum, line) => sum + line.unit_amount * line.quantity, 0);
}

function openSession(call: Call): JsonObject {
  const session = found(call, 'checkout_sessions', 'checkout.session');
  if (session['status'] === 'open' && Number(session['expires_at']) > call.now) return session;
  throw new StripeError(400, 'invalid_request_error', `This Session's status is ${String(session['status'])}.`, { code: 'resource_already_expired' });
}

/** What the hosted page does when the customer pays: charge, complete the session, tell the webhooks. */
export function paySession(call: Call): JsonObject {
  const session = openSession(call);
  const customer = typeof session['customer'] === 'string' ? session['customer'] : newCustomer(call, session['customer_email'] ?? null);
  const lines = session['clone_line_items'];
  const outcome: JsonObject = session['mode'] === 'subscription'
    ? { subscription: startSubscription(call, customer, wireLines(lines), {})['id'] ?? null }
    : { payment_intent: payIntent(call, session, customer) };
  const complete = change(call, 'checkout_sessions', session, { ...outcome, customer, status: 'complete', payment_status: 'paid', url: null });
  emit(call.world, call.nowMs, 'checkout.session.completed', complete);
  return complete;
}

function newCustomer(call: Call, email: Json): string {
  const customer = create(call, 'customers', 'customer', 'cus', { email, name: null, description: null, metadata: {} });
  emit(call.world, call.nowMs, 'customer.created', customer);
  return String(customer['id']);
}

function payIntent(call: Call, session: JsonObject, customer: string): Json {
  const intent = newIntent(call, {
    amount: session['amount_total'] ?? 0, currency: session['currency'] ?? 'eur', customer, description: null, metadata: {},
    payment_method: 'pm_card_visa', status: 'requires_confirmation',
  });
  confirm(call, intent);
  return intent['id'] ?? null;
}

function wireLines(lines: Json | undefined): JsonObject[] {
  if (!Array.isArray(lines)) return [];
  return lines.filter(isObject).map((line) => ({ price: line['price'] ?? '', quantity: String(line['quantity']) }));
}
