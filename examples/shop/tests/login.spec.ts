import { expect, test } from '@playwright/test';
import { PASSWORD, uniqueEmail } from './support/shop.js';

test('signs in with the right password only', async ({ page, context }, testInfo) => {
  const email = uniqueEmail(testInfo);
  await test.step('Open the sign-in page', () => page.goto('/login'));
  await test.step('Try a wrong password', async () => {
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill('lapsang');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('alert')).toHaveText('E-mail and password do not match.');
  });
  await test.step('Sign in', async () => {
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page).toHaveURL('/');
  });
  const session = await test.step('Read the session cookie', async () => {
    return (await context.cookies()).find(({ name }) => name === 'shop_session');
  });
  expect(session?.httpOnly).toBe(true);
  await test.step('Sign out', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await expect(page).toHaveURL('/login');
  });
});

test('asks visitors to sign in and brings them back', async ({ page }, testInfo) => {
  await page.goto('/account');
  await expect(page).toHaveURL('/login?next=%2Faccount');
  await page.getByLabel('E-mail').fill(uniqueEmail(testInfo));
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL('/account');
});
