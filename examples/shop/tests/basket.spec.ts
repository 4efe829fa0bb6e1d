import { expect, test } from '@playwright/test';
import { addToBasket } from './support/shop.js';

test('keeps the basket over a reload', async ({ page }) => {
  await test.step('Fill the basket', async () => {
    await page.goto('/');
    await test.step('Add Sencha twice', async () => {
      await addToBasket(page, 'Sencha');
      await page.getByRole('article', { name: 'Sencha' }).getByRole('button').click();
    });
    await test.step('Add a mug', () => addToBasket(page, 'Morning mug'));
    await expect(page.locator('[data-basket-count]')).toHaveText('3');
  });
  await test.step('Open the basket', async () => {
    await page.getByRole('link', { name: /Basket/ }).click();
    await expect(page.getByRole('list', { name: 'Basket lines' }).getByRole('listitem')).toHaveCount(2);
    await expect(page.locator('[data-total]')).toHaveText('€51.00');
  });
  await test.step('Reload', async () => {
    await page.reload();
    await expect(page.locator('[data-total]')).toHaveText('€51.00');
  });
  await test.step('Take one away', async () => {
    await page.getByRole('button', { name: 'Less Sencha' }).click();
    await expect(page.locator('[data-total]')).toHaveText('€34.50');
  });
  const stored = await test.step('Read what the browser stores', () => page.evaluate(() => localStorage.getItem('last-added')));
  expect(stored).toBe('mug');
});
