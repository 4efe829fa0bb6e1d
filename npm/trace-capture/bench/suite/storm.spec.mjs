import { appendFileSync } from 'node:fs';
import { test } from '@playwright/test';

// The longest task of a page with ten thousand nodes: as it is, while rows change on every frame, and when all are replaced at once.
test('survives a storm', async ({ page }) => {
  await page.goto('/storm');
  await page.waitForFunction(() => window.stormDone === true);
  const longest = await page.evaluate(() => window.longestTasks);
  appendFileSync(process.env['BENCH_RESULTS'], `${JSON.stringify(longest)}\n`);
});
