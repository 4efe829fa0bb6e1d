import type { Route } from '../call.js';
import { found } from '../call.js';
import { list } from '../list.js';

/** `/v1/events` and `/v1/invoices`: what the clone writes and callers only read. */
export const records: Route[] = [
  { method: 'GET', pattern: '/v1/events', handle: (call) => list(call, 'events', '/v1/events', ['type']) },
  { method: 'GET', pattern: '/v1/events/:id', handle: (call) => found(call, 'events', 'event') },
  { method: 'GET', pattern: '/v1/invoices', handle: (call) => list(call, 'invoices', '/v1/invoices', ['customer', 'subscription', 'status']) },
  { method: 'GET', pattern: '/v1/invoices/:id', handle: (call) => found(call, 'invoices', 'invoice') },
];
