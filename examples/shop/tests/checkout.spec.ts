import { expect, test } from '@playwright/test';
import { addToBasket, signIn } from './support/shop.js';

test('pays with a card in the provider\'s frame', async ({ page }, testInfo) => {
  await test.step('Sign in', () => signIn(page, testInfo));
  await test.step('Add a teapot to the basket', () => addToBasket(page, 'Stoneware pot'));
  await test.step('Go to checkout', async () => {
    await page.goto('/checkout');
    await expect(page.locator('[data-total]')).toHaveText('€49.00');
  });
  await test.step('Choose a delivery slot', () => page.frameLocator('iframe[title="Delivery slot"]').getByLabel('Saturday').check());
  const card = page.frameLocator('iframe[title="Card details"]');
  await test.step('Try a card that is declined', async () => {
    await card.getByLabel('Card number').fill('4000 0000 0000 0002');
    await card.getByLabel('Expiry').fill('12 / 34');
    await card.getByLabel('CVC').fill('123');
    await page.getByRole('button', { name: 'Pay now' }).click();
    await expect(page.getByRole('alert')).toHaveText('Your card was declined.');
  });
  await test.step('Pay with a good card', async () => {
    await card.getByLabel('Card number').fill('4242 4242 4242 4242');
    await page.getByRole('button', { name: 'Pay now' }).click();
    await expect(page.getByRole('heading', { name: 'Thank you!' })).toBeVisible();
    await expect(page.getByText('Delivery: Saturday')).toBeVisible();
  });
  await test.step('Find the basket empty', () => expect(page.locator('[data-basket-count]')).toHaveText('0'));
});
