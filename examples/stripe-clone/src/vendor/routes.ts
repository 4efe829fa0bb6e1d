import type { Route } from './call.js';
import { catalogue } from './resources/catalogue.js';
import { checkoutSessions } from './resources/checkout-sessions.js';
import { customers } from './resources/customers.js';
import { paymentIntents } from './resources/payment-intents.js';
import { paymentMethods } from './resources/payment-methods.js';
import { records } from './resources/records.js';
import { subscriptions } from './resources/subscriptions.js';
import { webhookEndpoints } from './resources/webhook-endpoints.js';

const ROUTES: Route[] = [
  ...customers, ...catalogue, ...paymentMethods, ...paymentIntents, ...subscriptions, ...checkoutSessions, ...webhookEndpoints, ...records,
];

/** The route for a vendor path, with what its `:name` parts matched. */
export function routeFor(method: string, path: string): { route: Route; path: Record<string, string> } | undefined {
  for (const route of ROUTES) {
    if (route.method !== method) continue;
    const matched = match(route.pattern, path);
    if (matched) return { route, path: matched };
  }
  return undefined;
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const got = path.split('/');
  if (wanted.length !== got.length) return undefined;
  const names: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = got[i] ?? '';
    if (part.startsWith(':')) names[part.slice(1)] = value;
    else if (part !== value) return undefined;
  }
  return names;
}
