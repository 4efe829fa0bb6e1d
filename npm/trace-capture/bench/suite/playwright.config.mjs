import { defineConfig } from '@playwright/test';
import { trace } from './side.mjs';

const root = process.getuid?.() === 0;

export default defineConfig({
  testDir: '.',
  testMatch: `${process.env['BENCH_SPEC'] ?? 'work'}.spec.mjs`,
  workers: 1,
  timeout: 60_000,
  reporter: 'dot',
  use: {
    baseURL: process.env['BENCH_URL'],
    trace,
    launchOptions: {
      ...(process.env['MOLAR_CHROMIUM'] ? { executablePath: process.env['MOLAR_CHROMIUM'] } : {}),
      args: root ? ['--no-sandbox'] : [],
    },
  },
});
