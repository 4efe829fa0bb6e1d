/** One test a plant. Most pass whatever the server says, so that only the comparison of the traces can tell. */
import { expect, test } from '@playwright/test';
import { PLANTS } from './plants.mjs';
import { pathOf } from './server.mjs';

for (const plant of PLANTS) {
  test(plant.name, async ({ page }) => {
    await test.step('open', () => page.goto(pathOf(plant)));
    await test.step('go', async () => { await page.locator('#go').click(); await expect(page.locator('#out')).toContainText('said'); });
    await test.step('look', async () => { if (plant.ok) await expect(page.locator('#ok')).toHaveText('true', { timeout: 1000 }); });
  });
}
