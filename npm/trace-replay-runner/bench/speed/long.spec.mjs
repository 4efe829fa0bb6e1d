/** A test of thirty seconds, most of which it waits as people do. */
import { expect, test } from '@playwright/test';

const PAUSE_MS = 7_000;

test('thirty seconds', async ({ page }) => {
  test.setTimeout(90_000);
  await test.step('open', () => page.goto('/memory'));
  for (const sum of [2, 6, 14, 30]) {
    await test.step(`reach ${sum}`, async () => {
      await page.waitForTimeout(PAUSE_MS);
      await page.locator('#more').click();
      await expect(page.locator('#sum')).toHaveText(`${sum}`);
    });
  }
  await test.step('look', async () => await expect(page.locator('#sum')).toHaveText('30'));
});
