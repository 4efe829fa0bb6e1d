import '@molar/trace-capture/register';
import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

const executablePath = process.env.MOLAR_CHROMIUM ?? (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined);

export default defineConfig({
  testDir: '.',
  testMatch: 'leaks.spec.mjs',
  workers: 1,
  reporter: 'line',
  timeout: 30_000,
  use: {
    baseURL: process.env.LEAKS_URL,
    launchOptions: { ...(executablePath ? { executablePath } : {}), args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] },
  },
});
