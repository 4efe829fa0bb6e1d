import { expect, test } from '@playwright/test';

// What tests of real applications do most: type, press, wait for the answer, read the page.
for (const name of ['orders', 'customers', 'invoices']) {
  test(`edits ${name}`, async ({ page }) => {
    await page.goto(`/table?name=${name}`);
    for (let round = 0; round < 20; round++) {
      await test.step(`change row ${round}`, async () => {
        await page.getByLabel('Filter').fill(`${name} ${round}`);
        await page.getByRole('button', { name: 'Apply' }).click();
        await expect(page.getByTestId('state')).toHaveText(`applied ${round + 1}`);
      });
    }
    await expect(page.locator('tbody tr')).toHaveCount(600);
  });
}
