import { isObject } from '../../canonical-json.js';
import { emit } from '../../events.js';
import { nextId } from '../../ids.js';
import { put } from '../../state/world.js';
import type { Route } from '../call.js';
import { change, create, found, given, givenTexts, metadata, text } from '../call.js';
import { list } from '../list.js';

const TEXTS = ['email', 'name', 'phone', 'description'];

/** `/v1/customers`. */
export const customers: Route[] = [
  {
    method: 'POST', pattern: '/v1/customers', handle: (call) => {
      const customer = create(call, 'customers', 'customer', 'cus', {
        email: text(call, 'email'), name: text(call, 'name'), phone: text(call, 'phone'), description: text(call, 'description'),
        address: isObject(call.params['address']) ? call.params['address'] : null, shipping: null,
        balance: 0, currency: null, default_source: null, delinquent: false, discount: null,
        invoice_prefix: nextId(call.world.rng, 'X', 8).slice(2).toUpperCase(),
        invoice_settings: { custom_fields: null, default_payment_method: text(call, 'payment_method'), footer: null, rendering_options: null },
        metadata: metadata(call), next_invoice_sequence: 1, preferred_locales: [], tax_exempt: 'none', test_clock: null,
      });
      emit(call.world, call.nowMs, 'customer.created', customer);
      return customer;
    },
  },
  { method: 'GET', pattern: '/v1/customers', handle: (call) => list(call, 'customers', '/v1/customers', ['email']) },
  { method: 'GET', pattern: '/v1/customers/:id', handle: (call) => found(call, 'customers', 'customer') },
  {
    method: 'POST', pattern: '/v1/customers/:id', handle: (call) => {
      const before = found(call, 'customers', 'customer');
      const customer = change(call, 'customers', before, {
        ...givenTexts(call, TEXTS),
        ...(given(call, 'metadata') ? { metadata: metadata(call, before['metadata']) } : {}),
      });
      emit(call.world, call.nowMs, 'customer.updated', customer);
      return customer;
    },
  },
  {
    method: 'DELETE', pattern: '/v1/customers/:id', handle: (call) => {
      const before = found(call, 'customers', 'customer');
      const tombstone = { id: before['id'] ?? '', object: 'customer', deleted: true };
      put(call.world, 'customers', tombstone);
      emit(call.world, call.nowMs, 'customer.deleted', before);
      return tombstone;
    },
  },
];
