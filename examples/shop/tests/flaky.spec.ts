import { expect, test } from '@playwright/test';

test.describe.configure({ retries: 1 });

test('passes on its second attempt', async ({ page }, testInfo) => {
  await test.step('Open the shop', () => page.goto('/'));
  await test.step('Expect the right headline, at last', () => {
    const headline = testInfo.retry === 0 ? 'Good coffee, loudly made.' : 'Good tea, quietly made.';
    return expect(page.getByRole('heading', { level: 1 })).toHaveText(headline, { timeout: 1000 });
  });
});
