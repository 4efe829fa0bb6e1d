import type { App } from './app.js';
import { ARTICLES, articleOf } from './catalogue.js';
import type { Visit } from './http.js';
import { answer, HttpError, json, page, readBody, readJson, redirect, signedIn } from './http.js';
import { initialsImage } from './images.js';
import { fileIn } from './multipart.js';
import { orderLines, placeOrder } from './orders.js';
import { loginPage } from './pages/shop-pages.js';
import { endedCookie, sameText, sessionCookie } from './session.js';

const AVATAR_TYPES = ['image/png', 'image/jpeg', 'image/svg+xml'];
const MAX_AVATAR_BYTES = 1024 * 1024;
const MAX_DELIVERY = 1000;

/** POST `/login`: e-mail and password from the form. */
export async function login(app: App, visit: Visit): Promise<void> {
  const form = new URLSearchParams((await readBody(visit.request)).toString('utf8'));
  const email = (form.get('email') ?? '').trim().toLowerCase();
  const next = form.get('next') ?? '/';
  // Only a path of our own: `//host` and `/\host` would lead elsewhere.
  const target = /^\/(?![/\\])/.test(next) ? next : '/';
  if (!/^[^@\s]+@[^@\s]+$/.test(email) || !sameText(form.get('password') ?? '', app.config.password)) {
    return page(visit, 401, loginPage('E-mail and password do not match.', target));
  }
  redirect(visit, target, { 'set-cookie': sessionCookie({ email }, app.config.secret) });
}

/** POST `/logout`. */
export function logout(_app: App, visit: Visit): void {
  redirect(visit, '/login', { 'set-cookie': endedCookie() });
}

/** GET `/api/catalogue`. */
export function catalogueJson(app: App, visit: Visit): void {
  json(visit, 200, { articles: ARTICLES.map(({ sku, name, priceCents }) => ({ sku, name, price_cents: priceCents, stock: app.stock.of(sku) })) });
}

/** POST `/api/warehouse/deliveries` `{sku, pieces}`: new pieces for the shelf. */
export async function deliver(app: App, visit: Visit): Promise<void> {
  signedIn(visit);
  const { sku, pieces } = await readJson(visit.request);
  if (typeof sku !== 'string' || !articleOf(sku)) throw new HttpError(404, 'there is no such article');
  if (typeof pieces !== 'number' || !Number.isInteger(pieces) || pieces < 1 || pieces > MAX_DELIVERY) throw new HttpError(400, '`pieces` must be a whole number from 1 to 1000');
  json(visit, 201, { sku, stock: app.stock.add(sku, pieces) });
}

/** POST `/api/checkout` `{items, payment_method, slot}`. */
export async function checkout(app: App, visit: Visit): Promise<void> {
  const { email } = signedIn(visit);
  const { items, payment_method, slot } = await readJson(visit.request);
  if (typeof payment_method !== 'string' || typeof slot !== 'string') throw new HttpError(400, '`payment_method` and `slot` must be strings');
  const lines = orderLines(items);
  const order = await placeOrder(app.stripe, app.stock, await app.plans.customer(email), lines, payment_method, slot);
  json(visit, 200, { order: order.id, total_cents: order.totalCents });
}

/** POST `/api/checkout/upgrade`: starts the subscription; the plan itself changes with Stripe's webhook. */
export async function upgrade(app: App, visit: Visit): Promise<void> {
  const { email } = signedIn(visit);
  await app.webhook.ensure();
  const subscription = await app.plans.upgrade(email);
  json(visit, 200, { subscription: subscription.id, status: 'waiting_for_confirmation' });
}

/** GET `/api/account/avatar`. */
export function avatar(app: App, visit: Visit): void {
  const { email } = signedIn(visit);
  const file = app.avatars.get(email) ?? { type: 'image/svg+xml', bytes: Buffer.from(initialsImage(email)) };
  // An uploaded SVG may hold scripts; in a sandbox without rights they do not run, even when it is opened directly.
  answer(visit, 200, file.type, file.bytes, { 'cache-control': 'no-store', 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox" });
}

/** POST `/api/account/avatar`, a multipart form with the file `avatar`. */
export async function uploadAvatar(app: App, visit: Visit): Promise<void> {
  const { email } = signedIn(visit);
  const file = fileIn(await readBody(visit.request), visit.request.headers['content-type'], 'avatar');
  if (!AVATAR_TYPES.includes(file.type)) throw new HttpError(415, `\`${file.type}\` is no picture that we show`);
  if (file.bytes.length > MAX_AVATAR_BYTES) throw new HttpError(413, 'the picture is larger than 1 MB');
  app.avatars.set(email, file);
  json(visit, 201, { name: file.name, type: file.type, bytes: file.bytes.length });
}

/** POST `/api/webhooks/stripe`. A wrong signature is 400, so that Stripe tries again. */
export async function receiveWebhook(app: App, visit: Visit): Promise<void> {
  const body = await readBody(visit.request);
  const signature = visit.request.headers['stripe-signature'];
  if (typeof signature !== 'string') throw new HttpError(400, 'the signature is missing');
  try {
    json(visit, 200, { received: true, did: await app.webhook.receive(body, signature) });
  } catch (error) {
    throw new HttpError(400, `webhook refused: ${error instanceof Error ? error.message : String(error)}`);
  }
}
