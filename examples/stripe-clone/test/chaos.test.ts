import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Harness } from './support/harness.js';

test('injected errors hit what they match, and are told to whoever polls', async (t) => {
  const harness = await Harness.start(t);
  const stripe = harness.stripe('run');
  const rule = await harness.admin('POST', '/_clone/inject/error', { run: 'run', path: '/v1/customers*', method: 'post', status: 503, times: 1 });
  await stripe.products.create({ name: 'untouched' });
  await assert.rejects(stripe.customers.create(), { statusCode: 503, code: 'clone_injected' });
  await stripe.customers.create();
  const { events, last_seq } = (await harness.admin('GET', '/_clone/events?run=run')).body;
  const [event] = events as Record<string, unknown>[];
  assert.deepEqual([event?.['type'], event?.['rule'], event?.['method'], event?.['path'], event?.['status']], ['chaos.error', rule.body['id'], 'POST', '/v1/customers', 503]);
  assert.deepEqual((await harness.admin('GET', `/_clone/events?run=run&after=${String(last_seq)}`)).body['events'], []);
});

test('a rate hits the same requests every time, and leaves the ids alone', async (t) => {
  const pattern = async (rate: number): Promise<{ failed: string; ids: string[] }> => {
    const harness = await Harness.start(t);
    await harness.admin('POST', '/_clone/inject/error', { run: 'run', rate, status: 500 });
    let failed = '';
    for (let n = 0; n < 20; n += 1) failed += await harness.stripe('run').customers.list().then(() => '.', () => 'x');
    await harness.admin('DELETE', '/_clone/inject?run=run');
    return { failed, ids: [(await harness.stripe('run').customers.create()).id] };
  };
  const [first, second, none] = [await pattern(0.5), await pattern(0.5), await pattern(0)];
  assert.deepEqual(first, second);
  assert.match(first.failed, /x.*\.|\..*x/);
  assert.equal(none.failed, '.'.repeat(20));
  assert.deepEqual(none.ids, first.ids);
});

test('latency delays and says by how much; a rate limit answers 429', async (t) => {
  const harness = await Harness.start(t);
  await harness.admin('POST', '/_clone/inject/latency', { run: 'run', p50: 40, p99: 40 });
  const start = performance.now();
  await harness.stripe('run').customers.list();
  const { events } = (await harness.admin('GET', '/_clone/events?run=run')).body;
  const delay = Number((events as { delay_ms?: number }[])[0]?.delay_ms);
  assert.ok(delay >= 20 && delay <= 48 && performance.now() - start >= delay - 1);
  await harness.admin('POST', '/_clone/inject/ratelimit', { run: 'limited', limit: 2, window_ms: 60_000 });
  const stripe = harness.stripe('limited');
  await stripe.customers.list();
  await stripe.customers.list();
  await assert.rejects(stripe.customers.list(), { statusCode: 429, code: 'rate_limit' });
});

test('rules are part of a snapshot', async (t) => {
  const harness = await Harness.start(t);
  await harness.stripe('run').customers.create();
  await harness.admin('POST', '/_clone/inject/error', { run: 'run', status: 500 });
  await harness.restore('copy', await harness.save('run'));
  await assert.rejects(harness.stripe('copy').customers.list(), { statusCode: 500 });
});
