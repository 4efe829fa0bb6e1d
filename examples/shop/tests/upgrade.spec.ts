import { expect, test } from '@playwright/test';
import { addToBasket, PASSWORD, uniqueEmail } from './support/shop.js';

test('upgrades an account to Pro', async ({ page }, testInfo) => {
  const email = uniqueEmail(testInfo);
  await test.step('Open the shop', () => page.goto('/'));
  await test.step('Sign in', async () => {
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('link', { name: 'Account' })).toBeVisible();
  });
  await test.step('Add Earl Grey to the basket', () => addToBasket(page, 'Earl Grey'));
  await test.step('Open the account page', async () => {
    await page.getByRole('link', { name: 'Account' }).click();
    await expect(page.getByRole('heading', { name: 'Your account' })).toBeVisible();
  });
  await test.step('See the free plan', async () => {
    await expect(page.getByTestId('plan')).toHaveText('Free');
    await expect(page.getByText('live', { exact: true })).toBeVisible();
  });
  await test.step('Choose monthly billing', () => page.getByLabel('Monthly').check());
  await test.step("Click 'Upgrade to Pro'", async () => {
    const answered = page.waitForResponse('**/api/checkout/upgrade');
    await page.getByRole('button', { name: 'Upgrade to Pro' }).click();
    expect((await answered).status()).toBe(200);
    await expect(page).toHaveURL('/billing?upgraded=true', { timeout: 4000 });
  });
  await test.step('See Pro on the billing page', async () => {
    await expect(page.getByText('You are on Pro now.')).toBeVisible();
    await expect(page.getByTestId('plan')).toHaveText('Pro');
  });
});
