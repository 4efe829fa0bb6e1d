import { test } from '@playwright/test';
import { HARD_PAGES } from './cases.js';
import { startSite } from './server.js';

let site: Awaited<ReturnType<typeof startSite>>;
test.beforeAll(async () => {
  site = await startSite();
});
test.afterAll(() => site.stop());
// Bodies of 60 MB and a machine that does other things besides: nothing here is about how long it takes.
const PATIENT = { max_body_bytes: 80 * 1024 * 1024, drain_ms: 45_000 };
const NETWORK_ONLY = { dom: false, state: false, screenshots: false, video: false, playwright_zip: false, report_link: false };
test.use({ molarTrace: { ...PATIENT, ...NETWORK_ONLY } } as object);

for (const { name, act } of HARD_PAGES) test(name, async ({ page }, testInfo) => await act(page, site, testInfo));
