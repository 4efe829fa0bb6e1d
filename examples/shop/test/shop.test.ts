import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Stack } from './support/stack.js';

test('signing in needs the password and leads to pages of this shop only', async (t) => {
  const stack = await Stack.start(t);
  const cases: [string, string, string, number, string | null][] = [
    ['a@example.test', 'wrong', '/', 401, null],
    ['no address', 'earl-grey', '/', 401, null],
    ['a@example.test', 'earl-grey', '/account', 303, '/account'],
    ['a@example.test', 'earl-grey', '//evil.test/', 303, '/'],
    ['a@example.test', 'earl-grey', '/\\evil.test/', 303, '/'],
    ['a@example.test', 'earl-grey', 'https://evil.test/', 303, '/'],
  ];
  for (const [email, password, next, status, location] of cases) {
    const response = await stack.post('/login', new URLSearchParams({ email, password, next }));
    assert.deepEqual([response.status, response.headers.get('location')], [status, location], next);
  }
});

test('forged sessions count as none', async (t) => {
  const stack = await Stack.start(t);
  const cookie = await stack.signIn('a@example.test');
  assert.equal((await stack.get('/account', cookie)).status, 200);
  const forged = `shop_session=${Buffer.from('{"email":"b@example.test"}').toString('base64url')}.${cookie.split('.')[1]}`;
  for (const bad of ['', forged, 'shop_session=x', `${cookie}x`]) {
    assert.equal((await stack.get('/account', bad)).headers.get('location'), '/login?next=%2Faccount', bad);
    assert.equal((await stack.post('/api/checkout', {}, bad)).status, 401, bad);
  }
});

test('an order is priced here, charged at Stripe and shown to its owner only', async (t) => {
  const stack = await Stack.start(t);
  const [ada, bob] = [await stack.signIn('ada@example.test'), await stack.signIn('bob@example.test')];
  const body = { items: [{ sku: 'sencha', quantity: 2, price: 1 }], payment_method: 'pm_card_visa', slot: 'Saturday' };
  const response = await stack.post('/api/checkout', body, ada);
  const { order, total_cents } = (await response.json()) as { order: string; total_cents: number };
  assert.deepEqual([response.status, total_cents], [200, 3300]);
  const [intent] = await stack.items('payment_intents');
  assert.deepEqual([intent?.['id'], intent?.['status'], intent?.['amount']], [order, 'succeeded', 3300]);
  assert.match(await (await stack.get(`/orders/${order}/receipt`, ada)).text(), /2 × Sencha/);
  assert.equal((await stack.get(`/orders/${order}`, bob)).status, 404);
  const stock = (await (await stack.get('/api/catalogue')).json()) as { articles: { sku: string; stock: number }[] };
  assert.equal(stock.articles.find(({ sku }) => sku === 'sencha')?.stock, 10);
});

test('orders that cannot be are refused', async (t) => {
  const stack = await Stack.start(t);
  const cookie = await stack.signIn('ada@example.test');
  const good = { items: [{ sku: 'mug', quantity: 1 }], payment_method: 'pm_card_visa', slot: '' };
  const cases: [object, number][] = [
    [{ ...good, payment_method: 'pm_card_chargeDeclined' }, 402],
    [{ ...good, payment_method: 'pm_none' }, 400],
    [{ ...good, payment_method: 7 }, 400],
    [{ ...good, items: [] }, 400],
    [{ ...good, items: [{ sku: 'coffee', quantity: 1 }] }, 400],
    [{ ...good, items: [{ sku: 'mug', quantity: 1.5 }] }, 400],
    [{ ...good, items: [{ sku: 'mug', quantity: 13 }] }, 409],
  ];
  for (const [body, status] of cases) assert.equal((await stack.post('/api/checkout', body, cookie)).status, status, JSON.stringify(body));
});

test('pictures come back as they were, in a sandbox; other files are refused', async (t) => {
  const stack = await Stack.start(t);
  const cookie = await stack.signIn('ada@example.test');
  const upload = (bytes: Uint8Array, type: string, field = 'avatar'): Promise<Response> => {
    const form = new FormData();
    form.set(field, new Blob([new Uint8Array(bytes)], { type }), 'file');
    return stack.post('/api/account/avatar', form, cookie);
  };
  const bytes = Uint8Array.from({ length: 4000 }, (_, i) => i % 256);
  assert.equal((await upload(bytes, 'image/png')).status, 201);
  const back = await stack.get('/api/account/avatar', cookie);
  assert.deepEqual(new Uint8Array(await back.arrayBuffer()), bytes);
  assert.match(back.headers.get('content-security-policy') ?? '', /sandbox/);
  assert.equal((await upload(bytes, 'text/html')).status, 415);
  assert.equal((await upload(bytes, 'image/png', 'other')).status, 400);
  assert.equal((await upload(new Uint8Array(1024 * 1024 + 1), 'image/png')).status, 413);
  assert.equal((await stack.post('/api/account/avatar', { no: 'form' }, cookie)).status, 400);
});

test('only what exists is served', async (t) => {
  const stack = await Stack.start(t);
  const cases: [string, number][] = [
    ['/', 200], ['/favicon.svg', 200], ['/images/mug.svg', 200], ['/assets/shop.css', 200], ['/assets/js/account.js', 200], ['/healthz', 200],
    ['/images/coffee.svg', 404], ['/assets/js/..%2fsrc%2fserver%2fmain.js', 404], ['/assets/js/../package.json', 404], ['/api/recommendations', 404],
  ];
  for (const [path, status] of cases) assert.equal((await stack.get(path)).status, status, path);
});
