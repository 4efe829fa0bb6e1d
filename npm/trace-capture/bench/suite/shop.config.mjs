import { defineConfig } from '@playwright/test';
import { shopSuite } from '../../../../examples/shop/playwright.base.ts';
import { trace } from './side.mjs';

// The bench has started the shop and its clone; the webhook's path is the corrected one, so that every test passes.
const suite = shopSuite({ webhookPath: '/api/webhooks/stripe' });

export default defineConfig({
  ...suite,
  testIgnore: 'flaky.spec.ts',
  workers: 1,
  timeout: 120_000,
  // A busy machine makes the suite slow, which the figures tell, and must not make it fail.
  expect: { timeout: 60_000 },
  reporter: 'dot',
  use: { ...suite.use, trace },
});
