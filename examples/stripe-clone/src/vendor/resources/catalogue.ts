import type { JsonObject } from '../../canonical-json.js';
import { isObject } from '../../canonical-json.js';
import { emit } from '../../events.js';
import type { Call, Route } from '../call.js';
import { change, create, currency, found, given, givenTexts, integer, lookup, metadata, required, text } from '../call.js';
import { invalidParam } from '../errors.js';
import { list } from '../list.js';

const INTERVALS = ['day', 'week', 'month', 'year'];

/** `/v1/products` and `/v1/prices`. */
export const catalogue: Route[] = [
  {
    method: 'POST', pattern: '/v1/products', handle: (call) => {
      const name = required(call, 'name');
      const product = create(call, 'products', 'product', 'prod', {
        active: true, name, description: text(call, 'description'), default_price: null, images: [], marketing_features: [],
        metadata: metadata(call), package_dimensions: null, shippable: null, statement_descriptor: null, tax_code: null,
        type: 'service', unit_label: null, updated: call.now, url: text(call, 'url'),
      });
      emit(call.world, call.nowMs, 'product.created', product);
      return product;
    },
  },
  { method: 'GET', pattern: '/v1/products', handle: (call) => list(call, 'products', '/v1/products', ['active']) },
  { method: 'GET', pattern: '/v1/products/:id', handle: (call) => found(call, 'products', 'product') },
  {
    method: 'POST', pattern: '/v1/products/:id', handle: (call) => {
      const before = found(call, 'products', 'product');
      const product = change(call, 'products', before, {
        ...givenTexts(call, ['name', 'description']), ...activeParam(call), metadata: metadata(call, before['metadata']), updated: call.now,
      });
      emit(call.world, call.nowMs, 'product.updated', product);
      return product;
    },
  },
  { method: 'POST', pattern: '/v1/prices', handle: createPrice },
  { method: 'GET', pattern: '/v1/prices', handle: listPrices },
  { method: 'GET', pattern: '/v1/prices/:id', handle: (call) => found(call, 'prices', 'price') },
  {
    method: 'POST', pattern: '/v1/prices/:id', handle: (call) => {
      const before = found(call, 'prices', 'price');
      return change(call, 'prices', before, {
        ...givenTexts(call, ['nickname', 'lookup_key']), ...activeParam(call), metadata: metadata(call, before['metadata']),
      });
    },
  },
];

function activeParam(call: Call): JsonObject {
  return given(call, 'active') ? { active: text(call, 'active') === 'true' } : {};
}

function createPrice(call: Call): JsonObject {
  const product = String(lookup(call, 'products', 'product', required(call, 'product'), 'product')['id']);
  const unit_amount = integer(call.params['unit_amount'], 'unit_amount');
  const recurring = recurringParam(call);
  const price = create(call, 'prices', 'price', 'price', {
    active: true, billing_scheme: 'per_unit', currency: currency(call), custom_unit_amount: null,
    lookup_key: text(call, 'lookup_key'), metadata: metadata(call), nickname: text(call, 'nickname'), product, recurring,
    tax_behavior: 'unspecified', tiers_mode: null, transform_quantity: null, type: recurring ? 'recurring' : 'one_time',
    unit_amount, unit_amount_decimal: String(unit_amount),
  });
  emit(call.world, call.nowMs, 'price.created', price);
  return price;
}

function recurringParam(call: Call): JsonObject | null {
  const recurring = call.params['recurring'];
  if (!isObject(recurring)) return null;
  const interval = recurring['interval'];
  if (typeof interval !== 'string' || !INTERVALS.includes(interval)) {
    throw invalidParam('recurring[interval]', `Invalid recurring[interval]: must be one of ${INTERVALS.join(', ')}`);
  }
  return {
    interval, interval_count: integer(recurring['interval_count'] ?? '1', 'recurring[interval_count]', 1),
    meter: null, trial_period_days: null, usage_type: 'licensed',
  };
}

function listPrices(call: Call): JsonObject {
  const page = list(call, 'prices', '/v1/prices', ['product', 'active']);
  const keys = call.params['lookup_keys'];
  if (!Array.isArray(keys) || !Array.isArray(page['data'])) return page;
  return { ...page, data: page['data'].filter((price) => isObject(price) && keys.includes(price['lookup_key'] ?? '')) };
}
