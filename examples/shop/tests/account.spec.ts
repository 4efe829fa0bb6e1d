import { expect, test } from '@playwright/test';
import { signIn } from './support/shop.js';

test('streams account events to every open page', async ({ page, context }, testInfo) => {
  await test.step('Sign in', () => signIn(page, testInfo));
  const second = await test.step('Open the account in two pages', async () => {
    await page.goto('/account');
    const other = await context.newPage();
    await other.goto('/account');
    return other;
  });
  for (const [i, open] of [page, second].entries()) {
    await test.step(`See page ${i + 1} connected`, async () => {
      await expect(open.getByText('live', { exact: true })).toBeVisible();
      await expect(open.getByTestId('plan')).toHaveText('Free');
    });
  }
  const event = await test.step('Read the first event', () => page.evaluate(() => new Promise<string>((resolve) => {
    const source = new EventSource('/api/account/events');
    source.addEventListener('plan', ({ data }: MessageEvent<string>) => {
      source.close();
      resolve(data);
    });
  })));
  expect(JSON.parse(event)).toEqual({ plan: 'free' });
});
