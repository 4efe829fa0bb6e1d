import type { Json, JsonObject } from './canonical-json.js';
import { isObject } from './canonical-json.js';
import { emit } from './events.js';
import { nextId } from './ids.js';
import type { World } from './state/world.js';
import { put, schedule } from './state/world.js';

/** End of a billing period in seconds; months are calendar months in UTC, clipped to the last day. */
export function periodEnd(start: number, recurring: Json | undefined): number {
  const interval = isObject(recurring) ? recurring['interval'] : 'month';
  const count = isObject(recurring) ? Number(recurring['interval_count'] ?? 1) : 1;
  if (interval === 'day' || interval === 'week') return start + count * (interval === 'day' ? 86_400 : 604_800);
  return addMonths(start, interval === 'year' ? 12 * count : count);
}

function addMonths(start: number, months: number): number {
  const date = new Date(start * 1000);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return Math.floor(date.getTime() / 1000);
}

/** Sum and currency of subscription items. */
export function itemTotals(rows: JsonObject[]): { amount: number; currency: string } {
  const prices = rows.map((row) => (isObject(row['price']) ? row['price'] : {}));
  const amount = rows.reduce((sum, row, i) => sum + Number(prices[i]?.['unit_amount'] ?? 0) * Number(row['quantity'] ?? 1), 0);
  return { amount, currency: String(prices[0]?.['currency'] ?? 'eur') };
}

/** What an invoice is made from. */
export interface InvoiceParts { customer: string; subscription: string; amount: number; currency: string; reason: 'subscription_create' | 'subscription_cycle' }

/** Stores a paid invoice. */
export function newInvoice(world: World, nowMs: number, parts: InvoiceParts): JsonObject {
  const now = Math.floor(nowMs / 1000);
  const invoice: JsonObject = {
    id: nextId(world.rng, 'in'), object: 'invoice', created: now, livemode: false, amount_due: parts.amount, amount_paid: parts.amount,
    amount_remaining: 0, billing_reason: parts.reason, collection_method: 'charge_automatically', currency: parts.currency,
    customer: parts.customer, subscription: parts.subscription, metadata: {}, status: 'paid', subtotal: parts.amount, total: parts.amount,
    period_start: now, period_end: now,
    parent: { type: 'subscription_details', quote_details: null, subscription_details: { metadata: {}, subscription: parts.subscription } },
  };
  put(world, 'invoices', invoice);
  return invoice;
}

/** Begins the next period of a subscription, or ends it when it was to end with its period. */
export function renew(world: World, nowMs: number, id: string): void {
  const before = world.collections.subscriptions.get(id);
  if (!before || before['status'] !== 'active') return;
  const now = Math.floor(nowMs / 1000);
  if (before['cancel_at_period_end'] === true) {
    const ended = { ...before, status: 'canceled', canceled_at: now, ended_at: now };
    put(world, 'subscriptions', ended);
    emit(world, nowMs, 'customer.subscription.deleted', ended);
    return;
  }
  const items = isObject(before['items']) ? before['items'] : {};
  const rows = (Array.isArray(items['data']) ? items['data'] : []).filter(isObject).map((row) => nextPeriod(row, now));
  const { amount, currency } = itemTotals(rows);
  const invoice = newInvoice(world, nowMs, { customer: String(before['customer']), subscription: id, amount, currency, reason: 'subscription_cycle' });
  const renewed = { ...before, items: { ...items, data: rows }, latest_invoice: invoice['id'] ?? null };
  put(world, 'subscriptions', renewed);
  schedule(world, { kind: 'renewal', due_ms: Math.min(...rows.map((row) => Number(row['current_period_end']))) * 1000, subscription: id });
  emit(world, nowMs, 'customer.subscription.updated', renewed);
  emit(world, nowMs, 'invoice.paid', invoice);
}

function nextPeriod(row: JsonObject, now: number): JsonObject {
  const end = Number(row['current_period_end']);
  if (end > now) return row;
  const price = isObject(row['price']) ? row['price'] : {};
  return { ...row, current_period_start: end, current_period_end: periodEnd(end, price['recurring']) };
}
