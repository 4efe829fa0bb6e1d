import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { LaunchOptions } from '@playwright/test';
import { chromium } from '@playwright/test';
import type { SuiteRun } from './suite.js';
import { canRecord, runSuite } from './suite.js';

const require = createRequire(import.meta.url);
const MOLAR = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'bin', 'molar-trace.mjs');
const PLAYWRIGHT = join(dirname(require.resolve('@playwright/test/package.json')), 'cli.js');
const BOUND_MS = 180_000;
const { launchOptions } = require('../../test/fixtures/shared/browser.cjs') as { launchOptions: LaunchOptions };

describe('what the command exports, other tools open', { skip: !canRecord() }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'molar-export-'));
  after(() => rmSync(dir, { recursive: true, force: true }));
  let run: SuiteRun;
  before(async () => {
    // Without Playwright's own zip one is put together from the record.
    run = await runSuite('esm', { MOLAR_TRACE_PLAYWRIGHT_ZIP: '0' }, ['--grep', '(^| )(steps|noise|failing step)$']);
  });

  test('a page is served from the archive when its server is gone', async () => {
    const har = join(dir, 'steps.har');
    const trace = run.trace('steps');
    await node([MOLAR, 'export', trace.dir, '--format', 'har', '-o', har]);
    const url = String(trace.of('network.request').find(({ url: asked }) => String(asked).endsWith('/redirect'))?.['url']);
    const browser = await chromium.launch(launchOptions);
    try {
      const context = await browser.newContext();
      await context.routeFromHAR(har, { notFound: 'abort' });
      const page = await context.newPage();
      await page.goto(url);
      assert.equal(await page.locator('h1').textContent(), 'Shop');
      await page.getByRole('button', { name: 'Buy' }).click();
      await page.locator('#out', { hasText: 'bought' }).waitFor({ timeout: BOUND_MS });
    } finally {
      await browser.close();
    }
  });

  test('Playwright reads actions, requests, console and errors of the zip', async () => {
    const steps = await opened('steps');
    for (const part of [/open/, /inner/, /buy/, /click/i, /toHaveText/]) assert.match(await steps('actions'), part);
    const requests = await steps('requests');
    for (const part of [/redirect/, /302/, /POST/, /buy/]) assert.match(requests, part);
    const failing = await opened('failing step');
    assert.match(await failing('errors'), /Market/);
    const noisy = await opened('noise');
    for (const part of [/hello/, /bad/, /uncaught here/]) assert.match(await noisy('console'), part);
  });

  /** Opens the zip of a test's trace with Playwright's own reader, in a folder of its own. */
  async function opened(title: string): Promise<(...args: readonly string[]) => Promise<string>> {
    const home = mkdtempSync(join(dir, 'zip-'));
    const zip = join(home, 'trace.zip');
    await node([MOLAR, 'export', run.trace(title).dir, '--format', 'playwright', '-o', zip]);
    await node([PLAYWRIGHT, 'trace', 'open', zip], home);
    return async (...args) => await node([PLAYWRIGHT, 'trace', ...args], home);
  }
});

/** Runs a program of Node and gives what it printed; it must succeed. */
async function node(args: readonly string[], cwd?: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const options = { timeout: BOUND_MS, ...(cwd === undefined ? {} : { cwd }) };
    execFile(process.execPath, [...args], options, (error, stdout, stderr) => (error ? reject(new Error(`${args.join(' ')}\n${stdout}${stderr}`, { cause: error })) : resolve(stdout)));
  });
}
