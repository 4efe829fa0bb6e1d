import type { JsonObject } from '../../canonical-json.js';
import { emit } from '../../events.js';
import { nextId } from '../../ids.js';
import type { Call, Result, Route } from '../call.js';
import { change, create, currency, flag, found, given, givenTexts, integer, lookup, metadata, text } from '../call.js';
import { StripeError } from '../errors.js';
import { list } from '../list.js';
import { declineCode, resolvePaymentMethod } from './payment-methods.js';

const OPEN = ['requires_payment_method', 'requires_confirmation', 'requires_action'];

/** `/v1/payment_intents`. */
export const paymentIntents: Route[] = [
  {
    method: 'POST', pattern: '/v1/payment_intents', handle: (call) => {
      const intent = createIntent(call);
      return flag(call, 'confirm') ? confirm(call, intent) : intent;
    },
  },
  { method: 'GET', pattern: '/v1/payment_intents', handle: (call) => list(call, 'payment_intents', '/v1/payment_intents', ['customer']) },
  { method: 'GET', pattern: '/v1/payment_intents/:id', handle: (call) => found(call, 'payment_intents', 'payment_intent') },
  {
    method: 'POST', pattern: '/v1/payment_intents/:id', handle: (call) => {
      const before = openIntent(call, 'update');
      return change(call, 'payment_intents', before, {
        ...givenTexts(call, ['description', 'receipt_email']),
        ...(given(call, 'amount') ? { amount: integer(call.params['amount'], 'amount', 1) } : {}),
        metadata: metadata(call, before['metadata']), ...methodParam(call),
      });
    },
  },
  {
    method: 'POST', pattern: '/v1/payment_intents/:id/confirm', handle: (call) => {
      const intent = openIntent(call, 'confirm');
      return confirm(call, change(call, 'payment_intents', intent, methodParam(call)));
    },
  },
  {
    method: 'POST', pattern: '/v1/payment_intents/:id/cancel', handle: (call) => {
      const intent = change(call, 'payment_intents', openIntent(call, 'cancel'), {
        status: 'canceled', canceled_at: call.now, cancellation_reason: text(call, 'cancellation_reason'),
      });
      emit(call.world, call.nowMs, 'payment_intent.canceled', intent);
      return intent;
    },
  },
];

/** A new payment intent from the call's parameters. */
function createIntent(call: Call): JsonObject {
  const amount = integer(call.params['amount'], 'amount', 1);
  const customer = text(call, 'customer');
  if (customer !== null) lookup(call, 'customers', 'customer', customer, 'customer');
  const method = methodParam(call);
  return newIntent(call, { amount, currency: currency(call), customer, description: text(call, 'description'), metadata: metadata(call), ...method });
}

/** Stores a payment intent that is not confirmed yet; checkout sessions use it too. */
export function newIntent(call: Call, members: JsonObject): JsonObject {
  const intent = create(call, 'payment_intents', 'payment_intent', 'pi', {
    amount_capturable: 0, amount_received: 0, automatic_payment_methods: { allow_redirects: 'always', enabled: true },
    canceled_at: null, cancellation_reason: null, capture_method: 'automatic_async', confirmation_method: 'automatic',
    last_payment_error: null, latest_charge: null, next_action: null, payment_method: null, payment_method_types: ['card'],
    receipt_email: text(call, 'receipt_email'), setup_future_usage: null, shipping: null,
    status: members['payment_method'] ? 'requires_confirmation' : 'requires_payment_method', ...members,
  });
  // Stripe's client secret begins with the id it belongs to.
  const secret = nextId(call.world.rng, `${String(intent['id'])}_secret`);
  const complete = change(call, 'payment_intents', intent, { client_secret: secret });
  emit(call.world, call.nowMs, 'payment_intent.created', complete);
  return complete;
}

function methodParam(call: Call): JsonObject {
  const id = text(call, 'payment_method');
  return id === null ? {} : { payment_method: String(resolvePaymentMethod(call, id)['id']) };
}

function openIntent(call: Call, verb: string): JsonObject {
  const intent = found(call, 'payment_intents', 'payment_intent');
  if (OPEN.includes(String(intent['status']))) return intent;
  throw new StripeError(400, 'invalid_request_error',
    `You cannot ${verb} this PaymentIntent because it has a status of ${String(intent['status'])}.`,
    { code: 'payment_intent_unexpected_state', payment_intent: intent });
}

/** Charges the intent's card: 200 when it goes through, Stripe's 402 when it is declined. */
export function confirm(call: Call, intent: JsonObject): JsonObject | Result {
  const id = intent['payment_method'];
  if (typeof id !== 'string') {
    throw new StripeError(400, 'invalid_request_error', 'You cannot confirm this PaymentIntent because it\'s missing a payment method.',
      { code: 'payment_intent_unexpected_state', payment_intent: intent });
  }
  const method = resolvePaymentMethod(call, id);
  const declined = declineCode(method);
  if (declined !== null) return decline(call, intent, method, declined);
  const paid = change(call, 'payment_intents', intent, {
    status: 'succeeded', amount_received: intent['amount'] ?? 0, latest_charge: nextId(call.world.rng, 'ch'), last_payment_error: null,
  });
  emit(call.world, call.nowMs, 'payment_intent.succeeded', paid);
  return paid;
}

function decline(call: Call, intent: JsonObject, method: JsonObject, decline_code: string): Result {
  const error = { type: 'card_error', code: 'card_declined', decline_code, message: 'Your card was declined.', payment_method: method };
  const failed = change(call, 'payment_intents', intent, { status: 'requires_payment_method', payment_method: null, last_payment_error: error });
  emit(call.world, call.nowMs, 'payment_intent.payment_failed', failed);
  return { status: 402, body: { error: { ...error, payment_intent: failed } } };
}
