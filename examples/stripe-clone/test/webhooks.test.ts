import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Harness, receiver, until } from './support/harness.js';

test('deliveries are signed so that the official client verifies them', async (t) => {
  const harness = await Harness.start(t);
  const stripe = harness.stripe('run');
  const { url, seen } = await receiver(t, () => 200);
  const { secret } = await stripe.webhookEndpoints.create({ url, enabled_events: ['customer.created'] });
  const customer = await stripe.customers.create({ email: 'ada@example.test' });
  await stripe.products.create({ name: 'not asked for' });
  await until('the event arrives', () => seen.length > 0);
  const [delivery] = seen;
  assert.ok(delivery && secret);
  const event = stripe.webhooks.constructEvent(delivery.body, delivery.signature, secret);
  assert.equal(event.type, 'customer.created');
  assert.deepEqual(event.data.object, { ...customer });
  assert.throws(() => stripe.webhooks.constructEvent(delivery.body, delivery.signature, 'whsec_other'));
  await until('the answer is noted', async () => (await harness.items('run', 'webhook_deliveries')).length === 1);
  assert.equal((await stripe.events.retrieve(event.id)).pending_webhooks, 0);
});

test('signatures are fresh for receivers even when the virtual clock is far behind', async (t) => {
  const harness = await Harness.start(t);
  const stripe = harness.stripe('run');
  const { url, seen } = await receiver(t, () => 200);
  const { secret } = await stripe.webhookEndpoints.create({ url, enabled_events: ['*'] });
  await harness.restore('run', await harness.save('run'));
  await harness.admin('POST', '/_clone/clock/set', { run: 'run', to: '2020-01-01T00:00:00Z' });
  await harness.admin('POST', '/_clone/clock/resume', { run: 'run' });
  const customer = await stripe.customers.create();
  assert.equal(new Date(customer.created * 1000).getUTCFullYear(), 2020);
  await until('the event arrives', () => seen.length > 0);
  assert.doesNotThrow(() => stripe.webhooks.constructEvent(seen[0]?.body ?? '', seen[0]?.signature ?? '', secret ?? ''));
});

test('a refused delivery is logged with its status and tried again when its time comes', async (t) => {
  const harness = await Harness.start(t);
  const stripe = harness.stripe('run');
  const { url, seen } = await receiver(t, (n) => (n < 3 ? 404 : 200));
  await stripe.webhookEndpoints.create({ url, enabled_events: ['*'] });
  await harness.admin('POST', '/_clone/clock/pause', { run: 'run' });
  await stripe.customers.create();
  const advance = async (duration: string): Promise<unknown> => (await harness.admin('POST', '/_clone/clock/advance', { run: 'run', duration })).body['fired'];
  assert.equal(await advance('0s'), 1);
  assert.equal(await advance('10s'), 2);
  const log = await harness.items('run', 'webhook_deliveries');
  assert.deepEqual(log.map(({ attempt, status, ok }) => [attempt, status, ok]), [[1, 404, false], [2, 404, false], [3, 200, true]]);
  assert.deepEqual(log.map(({ response_body }) => response_body), ['noted', 'noted', 'noted']);
  assert.equal(seen.length, 3);
  const { events } = (await harness.admin('GET', '/_clone/events?run=run')).body;
  assert.deepEqual((events as { type: string; status?: number }[]).filter(({ type }) => type === 'webhook.delivery').map(({ status }) => status), [404, 404, 200]);
});

test('a receiver that is not there is an answer too', async (t) => {
  const harness = await Harness.start(t);
  const stripe = harness.stripe('run');
  await stripe.webhookEndpoints.create({ url: 'http://127.0.0.1:9/hook', enabled_events: ['*'] });
  await stripe.customers.create();
  await until('the failure is noted', async () => (await harness.items('run', 'webhook_deliveries')).length === 1);
  const [delivery] = await harness.items('run', 'webhook_deliveries');
  assert.equal(delivery?.['status'], null);
  assert.equal(typeof delivery?.['error'], 'string');
});

test('registering an endpoint does not shift the ids of what comes later', async (t) => {
  const harness = await Harness.start(t);
  const create = async (run: string, endpoints: number): Promise<string> => {
    await harness.admin('POST', '/_clone/seed', { run, seed: 's' });
    const stripe = harness.stripe(run);
    for (let n = 0; n < endpoints; n += 1) await stripe.webhookEndpoints.create({ url: `http://127.0.0.1:9/${n}`, enabled_events: ['charge.failed'] });
    return (await stripe.customers.create()).id;
  };
  assert.equal(await create('run', 3), await create('run', 0));
});
