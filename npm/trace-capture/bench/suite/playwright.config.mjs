import { configure } from '@molar/trace-capture';
import { defineConfig } from '@playwright/test';

// One of: bare, recorded, recorded-zip, playwright. The bench sets it, and the address of its server.
const side = process.env['BENCH_SIDE'] ?? 'bare';
if (side.startsWith('recorded')) {
  configure({ playwright_zip: side === 'recorded-zip' });
  await import('@molar/trace-capture/register');
}
const root = process.getuid?.() === 0;

export default defineConfig({
  testDir: '.',
  testMatch: `${process.env['BENCH_SPEC'] ?? 'work'}.spec.mjs`,
  workers: 1,
  timeout: 60_000,
  reporter: 'dot',
  use: {
    baseURL: process.env['BENCH_URL'],
    trace: side === 'playwright' ? 'on' : 'off',
    launchOptions: {
      ...(process.env['MOLAR_CHROMIUM'] ? { executablePath: process.env['MOLAR_CHROMIUM'] } : {}),
      args: root ? ['--no-sandbox'] : [],
    },
  },
});
