import { expect, test } from '@playwright/test';
import { signIn } from './support/shop.js';

test('shows the catalogue and follows the stock live', async ({ page }, testInfo) => {
  await test.step('Sign in', () => signIn(page, testInfo));
  await test.step('Look at the shelf', async () => {
    await expect(page.getByRole('article')).toHaveCount(8);
    await expect(page.getByText('live stock')).toBeVisible();
  });
  await test.step('Sort by price', async () => {
    await page.getByLabel('Sort by').selectOption('price');
    await expect(page.getByRole('article').first()).toHaveAttribute('data-sku', 'rooibos');
  });
  // No other test touches this article's stock.
  const badge = page.getByRole('article', { name: 'Milk Oolong' }).locator('[data-stock]');
  const before = await test.step('Read the stock', async () => Number.parseInt((await badge.textContent()) ?? '', 10));
  await test.step('Receive a delivery', async () => {
    const answer = await test.step('Tell the warehouse', () => page.request.post('/api/warehouse/deliveries', { data: { sku: 'oolong', pieces: 5 } }));
    expect(answer.status()).toBe(201);
    const { stock } = (await answer.json()) as { stock: number };
    expect(stock).toBeGreaterThanOrEqual(before + 5);
    await test.step('See it without reloading', () => expect(badge).toHaveText(`${stock} in stock`));
  });
});
