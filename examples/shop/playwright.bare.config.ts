import { defineConfig } from '@playwright/test';
import { shopSuite } from './playwright.base.js';

/** The same suite without the recorder, to compare what recording costs. */
export default defineConfig(shopSuite({
  webhookPath: '/api/stripe/webhook',
}));
