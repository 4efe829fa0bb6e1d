import { expect, test } from '@playwright/test';
import { signIn } from './support/shop.js';

test('opens the receipt in a window of its own', async ({ page }, testInfo) => {
  const email = await test.step('Sign in', () => signIn(page, testInfo));
  const order = await test.step('Order through the API', async () => {
    const data = { items: [{ sku: 'kyusu', quantity: 1 }, { sku: 'cup', quantity: 2 }], payment_method: 'pm_card_visa', slot: 'Saturday' };
    const answer = await page.request.post('/api/checkout', { data });
    expect(answer.status()).toBe(200);
    return ((await answer.json()) as { order: string }).order;
  });
  await test.step('Open the order', () => page.goto(`/orders/${order}`));
  await test.step('Open the receipt', async () => {
    const popup = page.waitForEvent('popup');
    await page.getByRole('button', { name: 'Open receipt' }).click();
    const receipt = await popup;
    await expect(receipt.getByRole('heading', { name: 'Receipt' })).toBeVisible();
    await expect(receipt.getByTestId('total')).toHaveText('€84.00');
    await expect(receipt.getByText(email)).toBeVisible();
    await receipt.close();
  });
});
