import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { REPLAY_HEADER, signReplayHeader } from '@molar/time';
import { Stack } from './support/stack.js';

const SECRET = 'only-for-these-tests';
/** 2024-02-29T12:00:00Z, long before any run of the tests. */
const LEAP = 1_709_208_000_000;

const before = process.env['MOLAR_REPLAY_SECRET'];
process.env['MOLAR_REPLAY_SECRET'] = SECRET;
after(() => {
  if (before === undefined) delete process.env['MOLAR_REPLAY_SECRET'];
  else process.env['MOLAR_REPLAY_SECRET'] = before;
});

test('only a request with a signed header is served at its own time', async (t) => {
  const stack = await Stack.start(t);
  const served = async (secret?: string): Promise<(string | null)[]> => {
    const headers = secret === undefined ? {} : { [REPLAY_HEADER]: signReplayHeader({ run: 'run_1', t: LEAP, mode: 'fixed', seq: 1 }, secret) };
    const response = await fetch(`${stack.shop.url}/api/catalogue`, { headers });
    assert.equal(response.status, 200);
    return ['x-molar-time', 'x-molar-random', 'date'].map((name) => response.headers.get(name));
  };
  assert.deepEqual(await served(SECRET), ['active;v=1', 'active;v=1', 'Thu, 29 Feb 2024 12:00:00 GMT']);
  for (const secret of [undefined, 'another secret']) {
    const [time, random, date] = await served(secret);
    assert.deepEqual([time, random], [null, null]);
    assert.ok(Date.parse(date ?? '') > LEAP);
  }
});

test('a replayed checkout draws the same keys for Stripe again, and another request others', async (t) => {
  const stack = await Stack.start(t);
  const cookie = await stack.signIn('ada@example.test');
  const body = JSON.stringify({ items: [{ sku: 'mug', quantity: 1 }], payment_method: 'pm_card_visa', slot: '' });
  const status = async ({ shop }: Stack, seq: number): Promise<number> => {
    const header = signReplayHeader({ run: 'run_1', t: LEAP, mode: 'shift', seq }, SECRET);
    return (await fetch(`${shop.url}/api/checkout`, { method: 'POST', headers: { cookie, [REPLAY_HEADER]: header }, body })).status;
  };
  assert.deepEqual([await status(stack, 1), await status(stack, 2)], [200, 200]);
  // Now the customer exists, and the first key comes with another call: Stripe refuses that, which shows that it is the same key.
  assert.equal(await status(stack, 1), 500);
  assert.equal(await status(await stack.restarted('another'), 1), 200);
});
