import type { JsonObject } from '../../canonical-json.js';
import { isObject } from '../../canonical-json.js';
import { emit } from '../../events.js';
import { nextId } from '../../ids.js';
import { schedule } from '../../state/world.js';
import { itemTotals, newInvoice, periodEnd } from '../../billing.js';
import type { Call, Route } from '../call.js';
import { change, create, flag, found, given, integer, lookup, metadata, required, text } from '../call.js';
import { invalidParam, missingParam } from '../errors.js';
import { list } from '../list.js';

/** `/v1/subscriptions`. */
export const subscriptions: Route[] = [
  { method: 'POST', pattern: '/v1/subscriptions', handle: (call) => startSubscription(call, required(call, 'customer'), call.params['items'], metadata(call)) },
  { method: 'GET', pattern: '/v1/subscriptions', handle: listSubscriptions },
  { method: 'GET', pattern: '/v1/subscriptions/:id', handle: (call) => found(call, 'subscriptions', 'subscription') },
  {
    method: 'POST', pattern: '/v1/subscriptions/:id', handle: (call) => {
      const before = found(call, 'subscriptions', 'subscription');
      const subscription = change(call, 'subscriptions', before, {
        metadata: metadata(call, before['metadata']),
        ...(given(call, 'cancel_at_period_end') ? { cancel_at_period_end: flag(call, 'cancel_at_period_end') } : {}),
        ...(given(call, 'description') ? { description: text(call, 'description') } : {}),
      });
      emit(call.world, call.nowMs, 'customer.subscription.updated', subscription);
      return subscription;
    },
  },
  {
    method: 'DELETE', pattern: '/v1/subscriptions/:id', handle: (call) => {
      const before = found(call, 'subscriptions', 'subscription');
      call.world.jobs = call.world.jobs.filter((job) => !(job.kind === 'renewal' && job.subscription === before['id']));
      const subscription = change(call, 'subscriptions', before, { status: 'canceled', canceled_at: call.now, ended_at: call.now });
      emit(call.world, call.nowMs, 'customer.subscription.deleted', subscription);
      return subscription;
    },
  },
];

/** Creates a subscription with its first, paid invoice and queues its renewal; checkout sessions use it too. */
export function startSubscription(call: Call, customer: string, items: unknown, meta: JsonObject): JsonObject {
  lookup(call, 'customers', 'customer', customer, 'customer');
  if (!Array.isArray(items) || items.length === 0) throw missingParam('items');
  const chosen = items.map((item, i) => itemParam(call, item, i));
  const id = nextId(call.world.rng, 'sub');
  const rows = chosen.map(({ price, quantity }) => itemRow(call, id, price, quantity));
  const { amount, currency } = itemTotals(rows);
  const invoice = newInvoice(call.world, call.nowMs, { customer, subscription: id, amount, currency, reason: 'subscription_create' });
  const subscription = create(call, 'subscriptions', 'subscription', 'sub', {
    id, application: null, automatic_tax: { disabled_reason: null, enabled: false, liability: null }, billing_cycle_anchor: call.now,
    cancel_at: null, cancel_at_period_end: false, canceled_at: null, collection_method: 'charge_automatically', currency, customer,
    days_until_due: null, default_payment_method: text(call, 'default_payment_method'), description: null, discounts: [], ended_at: null,
    items: { object: 'list', data: rows, has_more: false, url: `/v1/subscription_items?subscription=${id}` },
    latest_invoice: invoice['id'] ?? null, metadata: meta, schedule: null, start_date: call.now, status: 'active', test_clock: null,
    trial_end: null, trial_start: null,
  });
  schedule(call.world, { kind: 'renewal', due_ms: renewalMs(rows), subscription: id });
  emit(call.world, call.nowMs, 'customer.subscription.created', subscription);
  emit(call.world, call.nowMs, 'invoice.paid', invoice);
  return subscription;
}

function itemParam(call: Call, item: unknown, index: number): { price: JsonObject; quantity: number } {
  const id = isObject(item) ? item['price'] : undefined;
  const param = `items[${index}][price]`;
  if (!isObject(item) || typeof id !== 'string') throw missingParam(param);
  const price = lookup(call, 'prices', 'price', id, param);
  if (!isObject(price['recurring'])) throw invalidParam(param, `The price ${id} is not recurring.`);
  return { price, quantity: integer(item['quantity'] ?? '1', `items[${index}][quantity]`, 1) };
}

function itemRow(call: Call, subscription: string, price: JsonObject, quantity: number): JsonObject {
  return {
    id: nextId(call.world.rng, 'si'), object: 'subscription_item', created: call.now, current_period_start: call.now,
    current_period_end: periodEnd(call.now, price['recurring']), discounts: [], metadata: {}, price, quantity, subscription, tax_rates: [],
  };
}

function renewalMs(rows: JsonObject[]): number {
  return Math.min(...rows.map((row) => Number(row['current_period_end']))) * 1000;
}

function listSubscriptions(call: Call): JsonObject {
  const status = text(call, 'status');
  // Stripe leaves cancelled subscriptions out unless asked; `all` is not a status but a wish to see everything.
  const page = list({ ...call, params: status === 'all' ? without(call.params, 'status') : call.params }, 'subscriptions', '/v1/subscriptions', ['customer', 'status']);
  if (status !== null || !Array.isArray(page['data'])) return page;
  return { ...page, data: page['data'].filter((item) => isObject(item) && item['status'] !== 'canceled') };
}

function without(params: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(params).filter(([key]) => key !== name));
}
