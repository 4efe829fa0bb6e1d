import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Harness, receiver, until } from './support/harness.js';

async function subscribed(harness: Harness, run: string): Promise<string> {
  const stripe = harness.stripe(run);
  const customer = await stripe.customers.create({ email: 'ada@example.test' });
  const product = await stripe.products.create({ name: 'Pro' });
  const price = await stripe.prices.create({ product: product.id, currency: 'eur', unit_amount: 900, recurring: { interval: 'month' } });
  return (await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] })).id;
}

test('the clock reads in seconds and milliseconds, also without a run', async (t) => {
  const harness = await Harness.start(t);
  const { body } = await harness.admin('GET', '/_clone/clock');
  assert.ok(Math.abs(Number(body['clock']) * 1000 - Date.now()) < 5000);
  assert.equal(Number(body['clock']) * 1000, body['clock_ms']);
  assert.equal(body['mode'], 'running');
  assert.equal((await harness.admin('GET', '/_clone/stripe/default')).status, 404, 'reading created no run');
});

test('an advance bills every month at its own time', async (t) => {
  const harness = await Harness.start(t);
  await harness.admin('POST', '/_clone/clock/set', { run: 'run', to: '2030-01-31T12:00:00Z', mode: 'paused' });
  await subscribed(harness, 'run');
  const advanced = await harness.admin('POST', '/_clone/clock/advance', { run: 'run', duration: '70d' });
  assert.deepEqual([advanced.body['before_ms'], advanced.body['after_ms'], advanced.body['fired']], [Date.parse('2030-01-31T12:00:00Z'), Date.parse('2030-04-11T12:00:00Z'), 2]);
  const invoices = await harness.items('run', 'invoices');
  assert.deepEqual(invoices.map(({ created }) => new Date(Number(created) * 1000).toISOString().slice(0, 10)), ['2030-01-31', '2030-02-28', '2030-03-28']);
});

test('a subscription that ends with its period ends', async (t) => {
  const harness = await Harness.start(t);
  const stripe = harness.stripe('run');
  const id = await subscribed(harness, 'run');
  await stripe.subscriptions.update(id, { cancel_at_period_end: true });
  await harness.admin('POST', '/_clone/clock/advance', { run: 'run', duration: '32d' });
  assert.equal((await stripe.subscriptions.retrieve(id)).status, 'canceled');
});

test('a set fires nothing unless asked, and set due fires like an advance', async (t) => {
  const harness = await Harness.start(t);
  await harness.admin('POST', '/_clone/clock/set', { run: 'run', to: '2030-01-01T00:00:00Z', mode: 'paused' });
  await subscribed(harness, 'run');
  const silent = await harness.admin('POST', '/_clone/clock/set', { run: 'run', to: '2030-02-15T00:00:00Z', mode: 'running' });
  assert.equal(silent.body['fired'], 0);
  assert.equal((await harness.items('run', 'invoices')).length, 1);
  const due = await harness.admin('POST', '/_clone/clock/set', { run: 'run', to: '2030-02-16T00:00:00Z', fire: 'due', mode: 'paused' });
  assert.equal(due.body['fired'], 1);
  assert.equal((await harness.items('run', 'invoices')).length, 2);
});

test('timers of a paused clock never fire, and resume lets them go', async (t) => {
  const harness = await Harness.start(t);
  const stripe = harness.stripe('run');
  const { url, seen } = await receiver(t, () => 200);
  await stripe.webhookEndpoints.create({ url, enabled_events: ['*'] });
  const paused = await harness.admin('POST', '/_clone/clock/pause', { run: 'run' });
  assert.equal((await harness.admin('POST', '/_clone/clock/pause', { run: 'run' })).body['clock_ms'], paused.body['clock_ms']);
  await stripe.customers.create();
  // The only wait of this suite for something not to happen; a delivery that were to come comes within milliseconds.
  await sleep(150);
  assert.equal(seen.length, 0);
  await harness.admin('POST', '/_clone/clock/resume', { run: 'run' });
  await until('the webhook arrives', () => seen.length === 1);
});

test('right after a restore the clock may go back', async (t) => {
  const harness = await Harness.start(t);
  await subscribed(harness, 'run');
  await harness.restore('run.r1', await harness.save('run'));
  const body = { run: 'run.r1', to: '2020-05-05T05:05:05Z', fire: 'none' };
  assert.equal((await harness.admin('POST', '/_clone/clock/set', body)).status, 200);
  await harness.admin('POST', '/_clone/clock/resume', { run: 'run.r1' });
  assert.equal((await harness.admin('POST', '/_clone/clock/set', { ...body, to: '2019-01-01T00:00:00Z' })).status, 422);
});

test('a call without a run means the only one there is, and is refused when there are several', async (t) => {
  const harness = await Harness.start(t);
  await harness.admin('POST', '/_clone/clock/set', { run: 'only', to: '2030-01-01T00:00:00Z', mode: 'paused' });
  assert.equal((await harness.admin('POST', '/_clone/clock/advance', { duration: '30d' })).body['after_ms'], Date.parse('2030-01-31T00:00:00Z'));
  assert.equal((await harness.admin('GET', '/_clone/clock')).body['iso'], '2030-01-31T00:00:00.000Z');
  await harness.stripe('second').customers.create();
  const refused = await harness.admin('POST', '/_clone/clock/advance', { duration: '30d' });
  assert.deepEqual([refused.status, refused.body['code']], [400, 'bad_request']);
  assert.equal((await harness.admin('GET', '/_clone/clock?run=only')).body['iso'], '2030-01-31T00:00:00.000Z');
});

test('a world save finds every clone quiet, and a webhook that hangs makes it busy instead of doubled', async (t) => {
  const harness = await Harness.start(t, { webhookTimeoutMs: 8000 });
  const stripe = harness.stripe('run');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  await stripe.webhookEndpoints.create({ url: `http://127.0.0.1:${port}/`, enabled_events: ['*'] });
  await stripe.customers.create();
  await until('the delivery hangs', async () => (await harness.admin('GET', '/_clone/health?run=run')).body['in_flight'] === 1);
  const busy = await harness.admin('POST', '/_clone/snapshot/run/save');
  assert.deepEqual([busy.status, busy.body['code'], busy.headers.get('retry-after')], [503, 'busy', '1']);
  server.closeAllConnections();
  await until('the delivery ends', async () => (await harness.items('run', 'webhook_deliveries')).length === 1);
  assert.equal((await harness.admin('POST', '/_clone/snapshot/run/save')).status, 200);
});
