import assert from 'node:assert/strict';
import { test } from 'node:test';
import Stripe from 'stripe';
import { Harness } from './support/harness.js';

test('the official client creates, reads, changes, lists and deletes', async (t) => {
  const stripe = (await Harness.start(t)).stripe('run');
  const customer = await stripe.customers.create({ email: 'ada@example.test', metadata: { a: '1', b: '2' } });
  assert.equal((await stripe.customers.retrieve(customer.id)).id, customer.id);
  assert.deepEqual((await stripe.customers.update(customer.id, { name: 'Ada', metadata: { a: '' } })).metadata, { b: '2' });
  for (const n of [1, 2, 3]) await stripe.customers.create({ email: `n${n}@example.test` });
  assert.deepEqual((await stripe.customers.list({ email: 'n2@example.test' })).data.map(({ email }) => email), ['n2@example.test']);
  const paged: (string | null)[] = [];
  for await (const { email } of stripe.customers.list({ limit: 2 })) paged.push(email);
  assert.deepEqual(paged, ['n3@example.test', 'n2@example.test', 'n1@example.test', 'ada@example.test']);
  assert.equal((await stripe.customers.del(customer.id)).deleted, true);
  await assert.rejects(stripe.customers.retrieve(customer.id), { code: 'resource_missing', statusCode: 404 });
});

test('a subscription has a paid invoice, and expands', async (t) => {
  const stripe = (await Harness.start(t)).stripe('run');
  const customer = await stripe.customers.create({ email: 'ada@example.test' });
  const product = await stripe.products.create({ name: 'Pro' });
  const price = await stripe.prices.create({ product: product.id, currency: 'EUR', unit_amount: 900, recurring: { interval: 'month' }, lookup_key: 'pro' });
  assert.deepEqual((await stripe.prices.list({ lookup_keys: ['pro'] })).data.map(({ id }) => id), [price.id]);
  const subscription = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id, quantity: 2 }], expand: ['latest_invoice', 'customer'] });
  const { latest_invoice: invoice } = subscription;
  assert.ok(invoice !== null && typeof invoice === 'object');
  assert.deepEqual([invoice.total, invoice.status, subscription.status], [1800, 'paid', 'active']);
  assert.ok(typeof subscription.customer === 'object' && 'email' in subscription.customer);
  assert.equal((await stripe.subscriptions.cancel(subscription.id)).status, 'canceled');
  assert.equal((await stripe.subscriptions.list({ customer: customer.id })).data.length, 0);
  assert.equal((await stripe.subscriptions.list({ customer: customer.id, status: 'all' })).data.length, 1);
});

test('payment intents succeed, wait, are cancelled or declined', async (t) => {
  const stripe = (await Harness.start(t)).stripe('run');
  const base = { amount: 500, currency: 'eur' };
  const paid = await stripe.paymentIntents.create({ ...base, payment_method: 'pm_card_visa', confirm: true });
  assert.deepEqual([paid.status, paid.amount_received], ['succeeded', 500]);
  assert.ok(paid.client_secret?.startsWith(`${paid.id}_secret_`));
  const open = await stripe.paymentIntents.create(base);
  assert.equal(open.status, 'requires_payment_method');
  assert.equal((await stripe.paymentIntents.cancel(open.id)).status, 'canceled');
  await assert.rejects(stripe.paymentIntents.confirm(open.id), { code: 'payment_intent_unexpected_state' });
  const declined = stripe.paymentIntents.create({ ...base, payment_method: 'pm_card_chargeDeclined', confirm: true });
  await assert.rejects(declined, (error) => error instanceof Stripe.errors.StripeCardError && error.decline_code === 'generic_decline' && error.statusCode === 402);
});

test('a checkout session is paid on the hosted page', async (t) => {
  const harness = await Harness.start(t);
  const stripe = harness.stripe('run');
  const product = await stripe.products.create({ name: 'Pro' });
  const price = await stripe.prices.create({ product: product.id, currency: 'eur', unit_amount: 900, recurring: { interval: 'month' } });
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription', line_items: [{ price: price.id, quantity: 1 }], customer_email: 'ada@example.test', success_url: 'http://shop.test/done?s={CHECKOUT_SESSION_ID}',
  });
  assert.ok(session.url);
  assert.match(await (await fetch(session.url)).text(), /Pay 9\.00 EUR/);
  const done = await fetch(session.url, { method: 'POST', redirect: 'manual' });
  assert.deepEqual([done.status, done.headers.get('location')], [303, `http://shop.test/done?s=${session.id}`]);
  const complete = await stripe.checkout.sessions.retrieve(session.id);
  assert.deepEqual([complete.status, complete.payment_status], ['complete', 'paid']);
  assert.equal((await stripe.subscriptions.list()).data.length, 1);
  assert.equal((await fetch(session.url, { method: 'POST' })).status, 409);
});

test('an idempotency key answers twice the same, and refuses other parameters', async (t) => {
  const stripe = (await Harness.start(t)).stripe('run');
  const options = { idempotencyKey: 'order-1' };
  const first = await stripe.customers.create({ email: 'a@example.test' }, options);
  const second = await stripe.customers.create({ email: 'a@example.test' }, options);
  assert.equal(second.id, first.id);
  assert.equal(second.lastResponse.headers['idempotent-replayed'], 'true');
  assert.equal((await stripe.customers.list()).data.length, 1);
  await assert.rejects(stripe.customers.create({ email: 'b@example.test' }, options), (error) => error instanceof Stripe.errors.StripeIdempotencyError);
});

test('errors have the shape that the official client knows', async (t) => {
  const harness = await Harness.start(t);
  const stripe = harness.stripe('run');
  await assert.rejects(stripe.subscriptions.create({ customer: 'cus_none', items: [] }), { code: 'resource_missing', param: 'customer', statusCode: 400 });
  await assert.rejects(stripe.paymentIntents.create({ amount: -1, currency: 'eur' }), { code: 'parameter_invalid', param: 'amount' });
  await assert.rejects(stripe.balance.retrieve(), { statusCode: 501, code: 'unimplemented' });
  const keys: [string | undefined, number][] = [[undefined, 401], ['Bearer sk_live_1', 401], ['Bearer sk_test_run', 200], [`Basic ${btoa('sk_test_run:')}`, 200]];
  for (const [authorization, status] of keys) {
    const response = await fetch(`${harness.clone.vendor}/v1/customers`, { headers: authorization ? { authorization } : {} });
    assert.equal(response.status, status, authorization);
    assert.equal(response.headers.get('x-molar-clone'), 'stripe@1.0.0');
  }
});

test('the run comes from path, header or key, and path and header must agree', async (t) => {
  const { clone } = await Harness.start(t);
  const authorization = 'Bearer sk_test_by-key';
  const create = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(clone.vendor + path, { method: 'POST', headers: { authorization, ...headers }, body: new URLSearchParams({ email: 'a@example.test' }) })).status;
  const count = async (run: string): Promise<number> => {
    const response = await fetch(`${clone.vendor}/t/${run}/v1/customers`, { headers: { authorization } });
    return ((await response.json()) as { data: unknown[] }).data.length;
  };
  assert.equal(await create('/t/by-path/v1/customers'), 200);
  assert.equal(await create('/v1/customers', { 'x-molar-run': 'by-header' }), 200);
  assert.equal(await create('/v1/customers'), 200);
  for (const run of ['by-path', 'by-header', 'by-key']) assert.equal(await count(run), 1, run);
  assert.equal(await create('/t/by-path/v1/customers', { 'x-molar-run': 'other' }), 400);
  assert.equal(await create('/t/not%20a%20run/v1/customers'), 400);
});

test('a body that is far too large is refused, not reset', async (t) => {
  const { clone } = await Harness.start(t);
  const body = Buffer.alloc(20 * 1024 * 1024, 'a');
  const headers = { authorization: 'Bearer sk_test_run' };
  assert.equal((await fetch(`${clone.vendor}/v1/customers`, { method: 'POST', headers, body })).status, 413);
  const admin = await fetch(`${clone.admin}/_clone/seed`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  assert.equal(admin.status, 413);
});

test('keys are kept for 24 virtual hours', async (t) => {
  const harness = await Harness.start(t);
  const stripe = harness.stripe('run');
  const create = async (): Promise<string> => (await stripe.customers.create({}, { idempotencyKey: 'k' })).id;
  const first = await create();
  await harness.admin('POST', '/_clone/clock/advance', { run: 'run', duration: '23h' });
  assert.equal(await create(), first);
  await harness.admin('POST', '/_clone/clock/advance', { run: 'run', duration: '1h' });
  assert.notEqual(await create(), first);
});
