import { expect, test } from '@playwright/test';

test('serves the catalogue and refuses strangers over the API', async ({ request }) => {
  const articles = await test.step('Read the catalogue', async () => {
    const answer = await request.get('/api/catalogue');
    expect(answer.ok()).toBe(true);
    return ((await answer.json()) as { articles: { sku: string; price_cents: number }[] }).articles;
  });
  expect(articles.map(({ sku }) => sku)).toContain('earl-grey');
  await test.step('Be refused without a session', async () => {
    expect((await request.post('/api/checkout/upgrade')).status()).toBe(401);
    expect((await request.post('/api/warehouse/deliveries', { data: { sku: 'mug', pieces: 1 } })).status()).toBe(401);
  });
  await test.step('Be refused as a forged webhook', async () => {
    const forged = await request.post('/api/webhooks/stripe', { data: { type: 'customer.subscription.created' }, headers: { 'stripe-signature': 't=1,v1=00' } });
    expect(forged.status()).toBe(400);
  });
});
