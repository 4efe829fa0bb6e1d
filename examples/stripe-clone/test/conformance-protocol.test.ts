import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Harness } from './support/harness.js';

test('health says what this is', async (t) => {
  const harness = await Harness.start(t);
  for (const url of [`${harness.clone.admin}/_clone/health`, `${harness.clone.vendor}/t/run/_clone/health`]) {
    const response = await fetch(url);
    assert.equal(response.headers.get('x-molar-clone'), 'stripe@1.0.0');
    const body = (await response.json()) as Record<string, unknown>;
    assert.deepEqual([body['kind'], body['protocol'], body['paused'], body['in_flight'], body['max_snapshot_bytes']], ['stripe', [1], false, 0, 104_857_600]);
  }
});

test('64 parallel runs do not see each other', async (t) => {
  const harness = await Harness.start(t);
  const runs = Array.from({ length: 64 }, (_, i) => `run-${i}`);
  await Promise.all(runs.map(async (run, i) => {
    await harness.admin('POST', '/_clone/seed', { run, seed: 'same' });
    for (let n = 0; n <= i % 4; n += 1) await harness.stripe(run).customers.create({ email: `${run}@example.test` });
    if (i % 8 === 0) await harness.restore(run, await harness.save(run));
  }));
  const ids = new Set<unknown>();
  for (const [i, run] of runs.entries()) {
    const customers = await harness.items(run, 'customers');
    assert.deepEqual(customers.map(({ email }) => email), Array(1 + (i % 4)).fill(`${run}@example.test`));
    customers.forEach(({ id }) => ids.add(id));
  }
  assert.equal(ids.size, 64 / 4 * (1 + 2 + 3 + 4));
});

test('the same seed gives the same ids, secrets and order in any process', async (t) => {
  const outcomes = await Promise.all([1, 2].map(async () => {
    const harness = await Harness.start(t);
    const data = { customers: [{ email: 'seeded@example.test' }] };
    const seeded = await harness.admin('POST', '/_clone/seed', { run: 'run', seed: 'tea', scenario: 'shop', data });
    const stripe = harness.stripe('run');
    const endpoint = await stripe.webhookEndpoints.create({ url: 'http://127.0.0.1:9/x', enabled_events: ['charge.failed'] });
    const intent = await stripe.paymentIntents.create({ amount: 100, currency: 'eur' });
    const order = (await stripe.events.list()).data.map(({ id }) => id);
    return { preview: seeded.body['ids_preview'], seed: seeded.body['seed_digest'], customers: (await stripe.customers.list()).data.map(({ id }) => id), secret: endpoint.secret, client: intent.client_secret, order };
  }));
  assert.deepEqual(outcomes[0], outcomes[1]);
  assert.equal(JSON.stringify(outcomes).includes('"tea"'), false, 'the seed is never echoed');
});

test('a merge keeps the ids going, and a conflict changes nothing', async (t) => {
  const harness = await Harness.start(t);
  await harness.admin('POST', '/_clone/seed', { run: 'run', seed: 's', data: { products: [{ id: 'prod_a', name: 'A' }] } });
  const before = await harness.digest('run');
  const conflict = await harness.admin('POST', '/_clone/seed', { run: 'run', seed: 's', mode: 'merge', data: { products: [{ id: 'prod_b', name: 'B' }, { id: 'prod_a', name: 'other' }] } });
  assert.deepEqual([conflict.status, conflict.body['code'], await harness.digest('run')], [409, 'state_conflict', before]);
  const merged = await harness.admin('POST', '/_clone/seed', { run: 'run', seed: 's', mode: 'merge', data: { products: [{ id: 'prod_a', name: 'A' }, { id: 'prod_b', name: 'B' }] } });
  assert.equal(merged.status, 200);
  assert.deepEqual((await harness.items('run', 'products')).map(({ id }) => id), ['prod_a', 'prod_b']);
});

test('reads are pure, ordered, paged, conditional and redacted', async (t) => {
  const harness = await Harness.start(t);
  const stripe = harness.stripe('run');
  await harness.admin('POST', '/_clone/clock/pause', { run: 'run' });
  const endpoint = await stripe.webhookEndpoints.create({ url: 'http://127.0.0.1:9/x', enabled_events: ['charge.failed'] });
  for (const n of [1, 2, 3]) await stripe.customers.create({ email: `${n}@example.test` });
  const before = await harness.admin('GET', '/_clone/stripe/run');
  const etag = before.headers.get('etag') ?? '';
  for (const path of ['/_clone/stripe/customers/run', '/_clone/events?run=run', '/_clone/inject?run=run', '/_clone/clock?run=run', '/_clone/health', '/_clone/stripe/jobs/run']) {
    assert.equal((await harness.admin('GET', path)).status, 200, path);
  }
  await stripe.customers.list();
  const after = await harness.admin('GET', '/_clone/stripe/run');
  assert.deepEqual([after.body, after.headers.get('etag')], [before.body, etag]);
  assert.equal((await harness.admin('GET', '/_clone/stripe/customers/run', undefined, { 'if-none-match': etag })).status, 304);
  const page = await harness.admin('GET', '/_clone/stripe/customers/run?limit=2');
  const rest = await harness.admin('GET', `/_clone/stripe/customers/run?limit=2&cursor=${String(page.body['next_cursor'])}`);
  const emails = [page, rest].flatMap(({ body }) => (body['items'] as { email: string }[]).map(({ email }) => email));
  assert.deepEqual([emails, 'next_cursor' in rest.body], [['1@example.test', '2@example.test', '3@example.test'], false]);
  const shown = JSON.stringify(await harness.items('run', 'webhook_endpoints'));
  assert.ok(shown.includes('"$redacted":"sha256:') && endpoint.secret && !shown.includes(endpoint.secret));
});

test('what cannot be done is a problem with a code', async (t) => {
  const harness = await Harness.start(t, { adminToken: undefined });
  await harness.stripe('run').customers.create();
  const json = { 'content-type': 'application/json' };
  const cases: [string, string, Parameters<Harness['admin']>[2], Record<string, string>, number, string][] = [
    ['GET', '/_clone/stripe/customers/nobody', undefined, {}, 404, 'run_not_found'],
    ['GET', '/_clone/stripe/unicorns/run', undefined, {}, 404, 'not_found'],
    ['GET', '/_clone/stripe/customers/run?at_rev=0', undefined, {}, 410, 'rev_gone'],
    ['GET', '/_clone/stripe/customers/run?cursor=!!', undefined, {}, 400, 'bad_request'],
    ['GET', '/_clone/stripe/customers/run', undefined, { 'x-molar-run': 'other' }, 400, 'run_mismatch'],
    ['POST', '/_clone/snapshot/run/save', { run: 'other' }, {}, 400, 'run_mismatch'],
    ['POST', '/_clone/snapshot/nobody/save', undefined, {}, 404, 'run_not_found'],
    ['POST', '/_clone/clock/set', { run: 'run', to: '2001-01-01T00:00:00Z' }, {}, 422, 'clock_backwards'],
    ['POST', '/_clone/clock/set', { run: 'run', to: 'noon' }, {}, 400, 'bad_request'],
    ['POST', '/_clone/clock/advance', { run: 'run', duration: 'soon' }, {}, 400, 'bad_request'],
    ['POST', '/_clone/seed', { run: 'run', seed: '' }, {}, 400, 'bad_request'],
    ['POST', '/_clone/seed', { run: 'a b', seed: 's' }, {}, 400, 'bad_request'],
    ['POST', '/_clone/seed', { run: 'run', seed: 's', scenario: 'nowhere' }, {}, 400, 'bad_request'],
    ['POST', '/_clone/clock/pause', { run: 'run' }, { 'if-match': '"e7"' }, 412, 'epoch_conflict'],
    ['POST', '/_clone/clock/pause', Buffer.from('run=run'), { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported_media'],
    ['POST', '/_clone/seed', Buffer.from('{'), json, 400, 'bad_request'],
    ['POST', '/_clone/seed', Buffer.alloc(1024 * 1024 + 1, 32), json, 413, 'too_large'],
    ['POST', '/_clone/inject/teapot', { run: 'run' }, {}, 404, 'not_found'],
    ['PUT', '/_clone/seed', undefined, {}, 405, 'method_not_allowed'],
    ['GET', '/elsewhere', undefined, {}, 404, 'not_found'],
  ];
  const before = await harness.digest('run');
  for (const [method, path, body, headers, status, code] of cases) {
    const answer = await harness.admin(method, path, body, headers);
    assert.deepEqual([answer.status, answer.body['code']], [status, code], `${method} ${path}`);
    assert.equal(answer.headers.get('x-molar-clone'), 'stripe@1.0.0');
  }
  assert.equal(await harness.digest('run'), before);
});

test('If-Match compares epochs only', async (t) => {
  const harness = await Harness.start(t);
  await harness.stripe('run').customers.create();
  assert.equal((await harness.admin('POST', '/_clone/clock/pause', { run: 'run' }, { 'if-match': '"e0r0"' })).status, 200);
});

test('a token, when there is one, is needed for everything', async (t) => {
  const harness = await Harness.start(t, { adminToken: 'fake-admin-token' });
  for (const [authorization, status] of [['', 401], ['Bearer wrong', 401], ['Bearer fake-admin-token', 200]] as const) {
    assert.equal((await harness.admin('GET', '/_clone/health', undefined, authorization ? { authorization } : {})).status, status, authorization);
  }
});

test('a dropped run is gone, and dropping it again is fine', async (t) => {
  const harness = await Harness.start(t);
  await harness.stripe('run').customers.create();
  assert.equal((await harness.admin('DELETE', '/_clone/run/run')).status, 204);
  assert.equal((await harness.admin('GET', '/_clone/stripe/run')).status, 404);
  assert.equal((await harness.admin('DELETE', '/_clone/run/run')).status, 204);
});
