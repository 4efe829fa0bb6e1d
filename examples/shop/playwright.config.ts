import '@molar/trace-capture/register';
import { defineConfig } from '@playwright/test';
import { shopSuite } from './playwright.base.js';

export default defineConfig(shopSuite({
  webhookPath: '/api/stripe/webhook',
}));
