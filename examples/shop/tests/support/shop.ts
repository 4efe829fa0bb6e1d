import type { Page, TestInfo } from '@playwright/test';
import { expect } from '@playwright/test';

/** The password of every account of the example. */
export const PASSWORD = 'earl-grey';

/** An address that no other test, repetition or retry uses, so that tests may run side by side. */
export function uniqueEmail({ testId, repeatEachIndex, retry }: TestInfo): string {
  return `${testId}-${repeatEachIndex}-${retry}@example.test`;
}

/** Signs in through the form and returns the address used. */
export async function signIn(page: Page, testInfo: TestInfo): Promise<string> {
  const email = uniqueEmail(testInfo);
  await page.goto('/login');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('link', { name: 'Account' })).toBeVisible();
  return email;
}

/** Puts an article into the basket from the catalogue. */
export async function addToBasket(page: Page, article: string): Promise<void> {
  const button = page.getByRole('article', { name: article }).getByRole('button');
  await button.click();
  await expect(button).toHaveText('Added ✓');
}
