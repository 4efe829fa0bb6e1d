import type { JsonObject } from '../../canonical-json.js';
import { isObject } from '../../canonical-json.js';
import type { Call, Route } from '../call.js';
import { change, create, found, integer, lookup, metadata, required } from '../call.js';
import { invalidParam, noSuch } from '../errors.js';
import { list } from '../list.js';

/** Test cards by number; what happens when one is charged is `declined`. */
const CARDS: Record<string, { brand: string; declined: string | null }> = {
  '4242424242424242': { brand: 'visa', declined: null },
  '5555555555554444': { brand: 'mastercard', declined: null },
  '4000000000000002': { brand: 'visa', declined: 'generic_decline' },
  '4000000000009995': { brand: 'visa', declined: 'insufficient_funds' },
};
/** Stripe's shared test payment methods. */
const MAGIC: Record<string, string> = {
  pm_card_visa: '4242424242424242',
  pm_card_mastercard: '5555555555554444',
  pm_card_chargeDeclined: '4000000000000002',
  pm_card_visa_chargeDeclinedInsufficientFunds: '4000000000009995',
};

/** `/v1/payment_methods`. */
export const paymentMethods: Route[] = [
  {
    method: 'POST', pattern: '/v1/payment_methods', handle: (call) => {
      if (required(call, 'type') !== 'card') throw invalidParam('type', 'This clone knows payment methods of type card only.');
      const card = isObject(call.params['card']) ? call.params['card'] : {};
      const number = String(card['number'] ?? '').replaceAll(' ', '');
      const exp_month = integer(card['exp_month'] ?? '12', 'card[exp_month]', 1);
      const exp_year = integer(card['exp_year'] ?? '2034', 'card[exp_year]', 1970);
      return createCard(call, number, exp_month, exp_year);
    },
  },
  { method: 'GET', pattern: '/v1/payment_methods', handle: (call) => list(call, 'payment_methods', '/v1/payment_methods', ['customer', 'type']) },
  { method: 'GET', pattern: '/v1/payment_methods/:id', handle: (call) => found(call, 'payment_methods', 'PaymentMethod') },
  {
    method: 'POST', pattern: '/v1/payment_methods/:id/attach', handle: (call) => {
      const method = resolvePaymentMethod(call, call.path['id'] ?? '', 'id');
      const customer = String(lookup(call, 'customers', 'customer', required(call, 'customer'), 'customer')['id']);
      return change(call, 'payment_methods', method, { customer });
    },
  },
];

/** A stored payment method, or a fresh copy of one of Stripe's shared test ones. */
export function resolvePaymentMethod(call: Call, id: string, param = 'payment_method'): JsonObject {
  const number = Object.hasOwn(MAGIC, id) ? MAGIC[id] : undefined;
  if (number !== undefined) return createCard(call, number, 12, 2034);
  const method = call.world.collections.payment_methods.get(id);
  if (!method) throw noSuch('PaymentMethod', id, param);
  return method;
}

/** Stripe's decline code for a card, or `null` when the charge goes through. */
export function declineCode(method: JsonObject): string | null {
  const card = method['card'];
  const code = isObject(card) && isObject(card['networks']) ? card['networks']['clone_decline'] : null;
  return typeof code === 'string' ? code : null;
}

function createCard(call: Call, number: string, exp_month: number, exp_year: number): JsonObject {
  const known = Object.hasOwn(CARDS, number) ? CARDS[number] : undefined;
  if (!known) throw invalidParam('card[number]', 'Your card number is incorrect. This clone accepts Stripe test card numbers only.');
  return create(call, 'payment_methods', 'payment_method', 'pm', {
    allow_redisplay: 'unspecified', billing_details: { address: null, email: null, name: null, phone: null },
    card: {
      brand: known.brand, checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US', exp_month, exp_year, funding: 'credit', last4: number.slice(-4),
      networks: { available: [known.brand], preferred: null, ...(known.declined ? { clone_decline: known.declined } : {}) }, wallet: null,
    },
    customer: null, metadata: metadata(call), type: 'card',
  });
}
