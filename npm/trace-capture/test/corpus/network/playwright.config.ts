import '@molar/trace-capture/register';
import { defineConfig } from '@playwright/test';
import { launchOptions, patience } from '../../fixtures/shared/browser.cjs';

const report = process.env['MOLAR_TEST_REPORT'];

export default defineConfig({
  ...patience,
  testDir: '.',
  testMatch: '*.spec.ts',
  workers: 1,
  reporter: report ? [['json', { outputFile: report }]] : 'line',
  use: { launchOptions: { ...launchOptions, args: [...launchOptions.args, '--site-per-process'] } },
});
