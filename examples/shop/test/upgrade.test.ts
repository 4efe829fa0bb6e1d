import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventWhere, Stack, until } from './support/stack.js';

test('an upgrade becomes true with the webhook, and open pages hear of it', async (t) => {
  const stack = await Stack.start(t);
  const cookie = await stack.signIn('ada@example.test');
  const events = await stack.get('/api/account/events', cookie);
  assert.equal((await stack.post('/api/checkout/upgrade', {}, cookie)).status, 200);
  assert.equal(await eventWhere(events, (data) => data.includes('pro')), '{"plan":"pro"}');
  assert.match(await (await stack.get('/billing?upgraded=true', cookie)).text(), /You are on Pro now/);
  await until('the answer is noted', async () => (await stack.items('webhook_deliveries')).some(({ event_type, status }) => event_type === 'customer.subscription.created' && status === 200));
});

test('with the old webhook path the upgrade answers 200, the clone notes 404, and the plan stays', async (t) => {
  const stack = await Stack.start(t, '/api/stripe/webhook');
  const cookie = await stack.signIn('ada@example.test');
  await stack.get('/account', cookie);
  assert.equal((await stack.post('/api/checkout/upgrade', {}, cookie)).status, 200);
  await until('the clone has tried', async () => (await stack.items('webhook_deliveries')).length > 0);
  const [delivery] = await stack.items('webhook_deliveries');
  assert.deepEqual([delivery?.['event_type'], delivery?.['status'], delivery?.['ok']], ['customer.subscription.created', 404, false]);
  assert.equal(delivery?.['response_body'], '{"error":"nothing is served at POST /api/stripe/webhook"}');
  assert.match(await (await stack.get('/account', cookie)).text(), /data-testid="plan">Free/);
});

test('a restarted shop knows its visitors, and goes on from a restored clone', async (t) => {
  const stack = await Stack.start(t, '/api/stripe/webhook');
  const cookie = await stack.signIn('ada@example.test');
  await stack.post('/api/checkout', { items: [{ sku: 'mug', quantity: 1 }], payment_method: 'pm_card_visa', slot: '' }, cookie);
  const saved = await fetch(`${stack.admin}/_clone/snapshot/run/save`, { method: 'POST' });
  const restored = await fetch(`${stack.admin}/_clone/snapshot/run.r1/restore`, {
    method: 'POST', body: await saved.arrayBuffer(), headers: { digest: saved.headers.get('digest') ?? '', 'content-type': 'application/vnd.molar.clone-snapshot+gzip' },
  });
  assert.equal(restored.status, 200);
  await fetch(`${stack.admin}/_clone/clock/resume?run=run.r1`, { method: 'POST' });
  const again = await stack.restarted('run.r1');
  const events = await again.get('/api/account/events', cookie);
  assert.equal((await again.post('/api/checkout/upgrade', {}, cookie)).status, 200);
  assert.equal(await eventWhere(events, (data) => data.includes('pro')), '{"plan":"pro"}');
  assert.equal((await stack.items('customers', 'run.r1')).length, 1, 'the customer of the recorded order is found again');
  assert.equal((await stack.items('subscriptions', 'run')).length, 0, 'the original run has not noticed');
});

test('a run that is restored under a running shop gets its webhook endpoint back', async (t) => {
  const stack = await Stack.start(t);
  const cookie = await stack.signIn('ada@example.test');
  await fetch(`${stack.admin}/_clone/seed`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"run":"run","seed":"other"}' });
  assert.equal((await stack.items('webhook_endpoints')).length, 0);
  const events = await stack.get('/api/account/events', cookie);
  await stack.post('/api/checkout/upgrade', {}, cookie);
  assert.equal(await eventWhere(events, (data) => data.includes('pro')), '{"plan":"pro"}');
});

test('unsigned and forged webhooks are refused', async (t) => {
  const stack = await Stack.start(t);
  for (const headers of [{}, { 'stripe-signature': 't=1,v1=00' }] as Record<string, string>[]) {
    const response = await fetch(`${stack.shop.url}/api/webhooks/stripe`, { method: 'POST', headers, body: '{"type":"customer.subscription.created"}' });
    assert.equal(response.status, 400);
  }
});

test('a replay without a correction fails like its source: the new shop is asked, and answers 404', async (t) => {
  const stack = await Stack.start(t, '/api/stripe/webhook');
  const cookie = await stack.signIn('ada@example.test');
  const saved = await fetch(`${stack.admin}/_clone/snapshot/run/save`, { method: 'POST' });
  await stack.shop.close();
  await fetch(`${stack.admin}/_clone/snapshot/run.r1/restore`, {
    method: 'POST', body: await saved.arrayBuffer(), headers: { digest: saved.headers.get('digest') ?? '', 'content-type': 'application/vnd.molar.clone-snapshot+gzip' },
  });
  await fetch(`${stack.admin}/_clone/clock/resume?run=run.r1`, { method: 'POST' });
  const again = await stack.restarted('run.r1', '/api/stripe/webhook', Number(new URL(stack.shop.url).port));
  assert.equal((await again.post('/api/checkout/upgrade', {}, cookie)).status, 200);
  await until('the clone has tried', async () => (await stack.items('webhook_deliveries', 'run.r1')).length > 0);
  assert.equal((await stack.items('webhook_deliveries', 'run.r1'))[0]?.['status'], 404);
});
