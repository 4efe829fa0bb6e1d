import type { App } from './app.js';
import type { Visit } from './http.js';
import { page, redirect } from './http.js';
import { findOrder } from './orders.js';
import { accountPage, billingPage, orderPage, receiptPage } from './pages/account-pages.js';
import { basketPage, cataloguePage, checkoutPage, deliveryWidget, loginPage } from './pages/shop-pages.js';
import type { Session } from './session.js';

/** Wraps a page that only signed-in visitors may see; others are asked to sign in and come back. */
function personal(show: (app: App, visit: Visit, session: Session) => Promise<string> | string) {
  return async (app: App, visit: Visit): Promise<void> => {
    if (!visit.session) return redirect(visit, `/login?next=${encodeURIComponent(visit.url.pathname)}`);
    page(visit, 200, await show(app, visit, visit.session));
  };
}

/** GET `/`. */
export function catalogue(app: App, visit: Visit): void {
  page(visit, 200, cataloguePage(visit.session?.email, app.stock));
}

/** GET `/login`. */
export function loginForm(_app: App, visit: Visit): void {
  page(visit, 200, loginPage(undefined, visit.url.searchParams.get('next') ?? '/'));
}

/** GET `/basket`. */
export function basket(_app: App, visit: Visit): void {
  page(visit, 200, basketPage(visit.session?.email));
}

/** GET `/checkout`. */
export const checkoutForm = personal((app, _visit, { email }) => checkoutPage(email, `${app.config.stripeUrl}/elements/card`, app.config.stripePublishableKey));

/** GET `/widgets/delivery`. */
export function deliverySlots(_app: App, visit: Visit): void {
  page(visit, 200, deliveryWidget());
}

/** GET `/account`. */
export const account = personal(async (app, _visit, { email }) => accountPage(email, await app.plans.of(email)));

/** GET `/billing`. */
export const billing = personal(async (app, visit, { email }) => {
  const customer = await app.plans.customer(email);
  const invoices = (await app.stripe.invoices.list({ customer: customer.id, limit: 10 })).data;
  return billingPage(email, await app.plans.of(email), visit.url.searchParams.get('upgraded') === 'true', invoices);
});

/** GET `/orders/:id`. */
export const order = personal(async (app, visit, { email }) => orderPage(await findOrder(app.stripe, visit.path['id'] ?? '', email)));

/** GET `/orders/:id/receipt`. */
export const receipt = personal(async (app, visit, { email }) => receiptPage(await findOrder(app.stripe, visit.path['id'] ?? '', email)));
