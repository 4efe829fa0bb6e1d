import { configure } from '@molar/trace-capture';
import { defineConfig } from '@playwright/test';

// `off` is the control: without redaction the scan has to find what was told.
const enabled = process.env['SECRETS_REDACTION'] !== 'off';
configure({ playwright_zip: process.env['SECRETS_ZIP'] === 'on', redaction: { enabled, env: ['BENCH_SETTINGS'] } });
await import('@molar/trace-capture/register');
const root = process.getuid?.() === 0;

export default defineConfig({
  testDir: '.',
  testMatch: 'secrets.spec.mjs',
  workers: 1,
  timeout: 900_000,
  reporter: 'dot',
  use: {
    baseURL: process.env['SECRETS_URL'],
    launchOptions: {
      ...(process.env['MOLAR_CHROMIUM'] ? { executablePath: process.env['MOLAR_CHROMIUM'] } : {}),
      args: root ? ['--no-sandbox'] : [],
    },
  },
});
