import type { App } from './app.js';
import { avatar, catalogueJson, checkout, deliver, login, logout, receiveWebhook, upgrade, uploadAvatar } from './actions.js';
import { favicon, image, script, stylesheet } from './assets.js';
import { accountEvents } from './events.js';
import type { Visit } from './http.js';
import { json } from './http.js';
import { account, basket, billing, catalogue, checkoutForm, deliverySlots, loginForm, order, receipt } from './views.js';

type Handler = (app: App, visit: Visit) => void | Promise<void>;

/** Every route of the shop. */
export const ROUTES: readonly (readonly [method: 'GET' | 'POST', pattern: string, handler: Handler])[] = [
  ['GET', '/', catalogue],
  ['GET', '/login', loginForm],
  ['POST', '/login', login],
  ['POST', '/logout', logout],
  ['GET', '/basket', basket],
  ['GET', '/checkout', checkoutForm],
  ['GET', '/widgets/delivery', deliverySlots],
  ['GET', '/orders/:id', order],
  ['GET', '/orders/:id/receipt', receipt],
  ['GET', '/account', account],
  ['GET', '/billing', billing],
  ['GET', '/api/catalogue', catalogueJson],
  ['POST', '/api/checkout', checkout],
  ['POST', '/api/checkout/upgrade', upgrade],
  ['POST', '/api/warehouse/deliveries', deliver],
  ['GET', '/api/account/avatar', avatar],
  ['POST', '/api/account/avatar', uploadAvatar],
  ['GET', '/api/account/events', accountEvents],
  ['POST', '/api/webhooks/stripe', receiveWebhook],
  ['GET', '/healthz', (_app, visit) => json(visit, 200, { status: 'ok' })],
  ['GET', '/favicon.svg', (_app, visit) => favicon(visit)],
  ['GET', '/images/:file', (_app, visit) => image(visit)],
  ['GET', '/assets/shop.css', (_app, visit) => stylesheet(visit)],
  ['GET', '/assets/js/:file', (_app, visit) => script(visit)],
];

/** The handler of a request, with what its pattern's `:name` parts matched. */
export function routeFor(method: string, path: string): { handler: Handler; path: Record<string, string> } | undefined {
  for (const [wanted, pattern, handler] of ROUTES) {
    const matched = wanted === method ? match(pattern, path) : undefined;
    if (matched) return { handler, path: matched };
  }
  return undefined;
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const got = path.split('/');
  if (wanted.length !== got.length || wanted.some((part, i) => !part.startsWith(':') && part !== got[i])) return undefined;
  return Object.fromEntries(wanted.flatMap((part, i) => (part.startsWith(':') ? [[part.slice(1), got[i] ?? '']] : [])));
}
