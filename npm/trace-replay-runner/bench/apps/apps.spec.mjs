/** One test an app. Each ends in a claim that only the recorded answers in their recorded order make true; two fail on purpose. */
import { expect, test } from '@playwright/test';

const step = test.step;
const says = async (page, id, text) => await expect(page.locator(`#${id}`)).toHaveText(text);

test('spa', async ({ page }) => {
  await step('open', () => page.goto('/spa'));
  await step('a', async () => { await page.getByRole('link', { name: 'A' }).click(); await says(page, 'view', 'view of /spa/a'); });
  await step('b', async () => { await page.getByRole('link', { name: 'B' }).click(); await says(page, 'view', 'view of /spa/b'); });
  await step('back', async () => { await page.goBack(); await says(page, 'view', 'view of /spa/a'); });
});

test('mpa', async ({ page }) => {
  await step('open', () => page.goto('/mpa'));
  await step('next', async () => { await page.locator('[name=name]').fill('Ada'); await page.getByRole('button').click(); await says(page, 'hello', 'Hello Ada'); });
  await step('last', async () => { await page.getByRole('link').click(); await expect(page.getByText('The end')).toBeVisible(); });
});

test('sse', async ({ page }) => {
  await step('open', () => page.goto('/sse'));
  await step('first', async () => await expect(page.locator('#ticks')).toContainText('tick1'));
  await step('all', async () => await says(page, 'ticks', 'tick1 tick2 tick3'));
});

test('websocket', async ({ page }) => {
  await step('open', async () => { await page.goto('/ws'); await says(page, 'said', 'open'); });
  await step('one', async () => { await page.locator('#ask').click(); await says(page, 'said', 'pong 1'); });
  await step('two', async () => { await page.locator('#ask').click(); await says(page, 'said', 'pong 2'); });
});

test('indexeddb', async ({ page }) => {
  await step('open', async () => { await page.goto('/idb'); await says(page, 'count', '0'); });
  await step('add', async () => { await page.locator('#add').click(); await says(page, 'count', '1'); });
  await step('reload', async () => { await page.reload(); await says(page, 'count', '1'); });
  await step('more', async () => { await page.locator('#add').click(); await says(page, 'count', '2'); });
});

test('redirects and cookies', async ({ page }) => {
  await step('open', () => page.goto('/login'));
  await step('sign in', async () => { await page.locator('[name=user]').fill('ada'); await page.getByRole('button').click(); await expect(page.getByRole('heading')).toHaveText('welcome'); });
  await step('again', async () => { await page.getByRole('link').click(); await says(page, 'theme', 'theme=dark'); await expect(page.getByRole('heading')).toHaveText('welcome'); });
});

test('upload', async ({ page }) => {
  await step('open', () => page.goto('/upload'));
  await step('choose', () => page.locator('#file').setInputFiles({ name: 'leaf.txt', mimeType: 'text/plain', buffer: Buffer.from('green '.repeat(200)) }));
  await step('send', async () => { await page.locator('#send').click(); await says(page, 'digest', 'leaf.txt taken'); });
});

test('iframe', async ({ page }) => {
  const inner = page.frameLocator('iframe');
  await step('open', () => page.goto('/frame'));
  await step('order', async () => { await inner.locator('#order').click(); await expect(inner.locator('#number')).toHaveText(/^order \d+$/); });
  await step('order again', async () => { const first = await inner.locator('#number').textContent(); await inner.locator('#order').click(); await expect(inner.locator('#number')).not.toHaveText(first); });
});

test('popup', async ({ page }) => {
  await step('open', () => page.goto('/popup'));
  await step('choose', async () => {
    const opened = page.waitForEvent('popup');
    await page.locator('#open').click();
    const popup = await opened;
    await popup.locator('#tea').click();
    await says(page, 'chosen', 'Earl Grey');
  });
  await step('still there', async () => await says(page, 'chosen', 'Earl Grey'));
});

test('polling', async ({ page }) => {
  await step('open', () => page.goto('/polling'));
  await step('begin', async () => { await page.locator('#begin').click(); await expect(page.locator('#state')).toHaveText(/queued|running|done/); });
  await step('done', async () => await says(page, 'state', 'done'));
});

test('timers', async ({ page }) => {
  await step('open', () => page.goto('/timers'));
  await step('search', async () => { await page.getByLabel('query').fill('tea'); await says(page, 'found', 'tea twice'); });
  await step('another', async () => { await page.getByLabel('query').fill('leaf'); await says(page, 'found', 'leaf twice'); });
});

test('random ids', async ({ page }) => {
  await step('open', () => page.goto('/ids'));
  await step('pay', async () => { await page.locator('#pay').click(); await expect(page.locator('#receipt')).toHaveText(/^paid [0-9a-f]{6}$/); });
  await step('pay again', async () => { await page.locator('#pay').click(); await expect(page.locator('#receipt')).toHaveText(/^paid [0-9a-f]{6}$/); });
});

test('retries', async ({ page }) => {
  await step('open', () => page.goto('/retries'));
  await step('try', async () => { await page.locator('#try').click(); await says(page, 'tries', '3 at last'); });
});

test('cache busting', async ({ page }) => {
  await step('open', () => page.goto('/busting'));
  await step('load', async () => { await page.locator('#load').click(); await expect(page.locator('#news')).toHaveText(/^news \d+$/); });
  await step('load again', async () => { const first = await page.locator('#news').textContent(); await page.locator('#load').click(); await expect(page.locator('#news')).not.toHaveText(first); });
});

test('local storage', async ({ page }) => {
  await step('open', async () => { await page.goto('/local'); await says(page, 'saved', 'nothing'); });
  await step('save', async () => { await page.locator('#save').click(); await expect(page.locator('#saved')).toHaveText(/^word \d+$/); });
  await step('reload', async () => { await page.reload(); await expect(page.locator('#saved')).toHaveText(/^word \d+$/); });
});

test('session storage', async ({ page }) => {
  await step('open', () => page.goto('/tab'));
  await step('one', async () => { await page.locator('#visit').click(); await says(page, 'visits', '1'); });
  await step('two', async () => { await page.locator('#visit').click(); await says(page, 'visits', '2'); });
});

test('memory only', async ({ page }) => {
  await step('open', () => page.goto('/memory'));
  await step('two', async () => { await page.locator('#more').click(); await says(page, 'sum', '2'); });
  await step('six', async () => { await page.locator('#more').click(); await says(page, 'sum', '6'); });
});

test('puts by body', async ({ page }) => {
  await step('open', () => page.goto('/puts'));
  await step('red', async () => { await page.locator('#red').click(); await says(page, 'colour', 'red kept'); });
  await step('blue', async () => { await page.locator('#blue').click(); await says(page, 'colour', 'blue kept'); });
});

test('endless list', async ({ page }) => {
  await step('open', async () => { await page.goto('/scroll'); await expect(page.locator('li')).toHaveCount(3); });
  await step('further', async () => { await page.locator('#further').click(); await expect(page.locator('li').last()).toHaveText('item 5'); });
  await step('further still', async () => { await page.locator('#further').click(); await expect(page.locator('li').last()).toHaveText('item 8'); });
});

test('graphql', async ({ page }) => {
  await step('open', () => page.goto('/graphql'));
  await step('me', async () => { await page.locator('#me').click(); await says(page, 'data', 'me answered'); });
  await step('cart', async () => { await page.locator('#cart').click(); await says(page, 'data', 'cart answered'); });
});

test('worker', async ({ page }) => {
  await step('open', () => page.goto('/worker'));
  await step('work', async () => { await page.locator('#work').click(); await says(page, 'result', 'worked'); });
});

test('dates', async ({ page }) => {
  await step('open', () => page.goto('/dates'));
  await step('today', async () => { await page.locator('#today').click(); await expect(page.locator('#day')).toHaveText(/^it is \d{4}-\d\d-\d\d$/); });
});

test('csrf', async ({ page }) => {
  await step('open', () => page.goto('/csrf'));
  await step('token', async () => { await page.locator('#fetch').click(); await says(page, 'answer', 'ready'); });
  await step('submit', async () => { await page.locator('#submit').click(); await says(page, 'answer', 'accepted'); });
});

test('fails on a missing address', async ({ page }) => {
  await step('open', () => page.goto('/broken'));
  await step('load', async () => { await page.locator('#load').click(); await says(page, 'shown', 'status 404'); });
  await step('claims it is fine', async () => await expect(page.locator('#shown')).toHaveText('fine', { timeout: 500 }));
});

test('fails on a wrong count', async ({ page }) => {
  await step('open', () => page.goto('/scroll'));
  await step('claims ten', async () => await expect(page.locator('li')).toHaveCount(10, { timeout: 500 }));
});
