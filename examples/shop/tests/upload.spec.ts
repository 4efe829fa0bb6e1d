import { expect, test } from '@playwright/test';
import { signIn } from './support/shop.js';

const PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="#c65d3b"/><circle cx="4" cy="4" r="2.4" fill="#fff4e0"/></svg>';

test('uploads a profile picture', async ({ page }, testInfo) => {
  await test.step('Sign in', () => signIn(page, testInfo));
  await test.step('Open the account page', () => page.goto('/account'));
  await test.step('Upload a picture', async () => {
    await page.getByLabel('Profile picture').setInputFiles({ name: 'sun.svg', mimeType: 'image/svg+xml', buffer: Buffer.from(PICTURE) });
    await page.getByRole('button', { name: 'Upload picture' }).click();
    await expect(page.getByText(`sun.svg, ${PICTURE.length} bytes`)).toBeVisible();
  });
  await test.step('Get the same picture back', async () => {
    const answer = await page.request.get('/api/account/avatar');
    expect(await answer.text()).toBe(PICTURE);
  });
  await test.step('Be refused with something else', async () => {
    const answer = await page.request.post('/api/account/avatar', {
      multipart: { avatar: { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') } },
    });
    expect(answer.status()).toBe(415);
  });
});
