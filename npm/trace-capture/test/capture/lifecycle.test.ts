import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { chromium } from '@playwright/test';
import type { SuiteRun, Trace } from './suite.js';
import { PATIENT, canRecord, contentOf, runSuite } from './suite.js';

const require = createRequire(import.meta.url);
const TITLES = ['own browser closed without its context', 'persistent context', 'a Playwright trace of its own', 'shared page, first', 'shared page, second', 'plain'];
const FFMPEG = ['/usr/bin/ffmpeg', '/usr/local/bin/ffmpeg'].find((path) => existsSync(path));

function bought(trace: Trace): void {
  const answers = trace.of('network.response').filter(({ url }) => String(url).endsWith('/api/buy'));
  assert.equal(answers.length, 1, JSON.stringify(trace.events.filter(({ kind }) => kind.startsWith('network'))));
  assert.match((answers[0] && contentOf(answers[0], 'body')?.text) ?? '', /bought/);
  assert.ok(trace.of('dom.snapshot').length > 0, 'no DOM');
}

/** A directory in which Playwright finds a video encoder. */
function browsersWithEncoder(ffmpeg: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'molar-browsers-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const core = dirname(createRequire(require.resolve('@playwright/test')).resolve('playwright-core/package.json'));
  const { browsers } = JSON.parse(readFileSync(join(core, 'browsers.json'), 'utf8')) as { browsers: { name: string; revision: string }[] };
  const place = join(dir, `ffmpeg-${browsers.find(({ name }) => name === 'ffmpeg')?.revision ?? ''}`);
  mkdirSync(place);
  symlinkSync(ffmpeg, join(place, 'ffmpeg-linux'));
  writeFileSync(join(place, 'INSTALLATION_COMPLETE'), '');
  return dir;
}

describe('contexts of every origin', { skip: !canRecord() }, () => {
  let run: SuiteRun;
  before(async () => {
    run = await runSuite('lifecycle', PATIENT);
    assert.equal(run.code, 0, run.output);
  });

  for (const title of TITLES) test(title, () => bought(run.trace(title)));

  test('ours gives way to a trace the test records', () => {
    const notices = run.trace('a Playwright trace of its own').of('capture.notice').map(({ code }) => code);
    assert.ok(notices.includes('playwright_zip.given_way'));
  });

  test('the recorder has nothing to complain about', () => assert.doesNotMatch(run.output, /record has gaps/));
});

describe('artifacts', { skip: !canRecord() }, () => {
  test('the trace file of the user\'s own configuration is the one kept', async () => {
    const run = await runSuite('lifecycle', { ...PATIENT, MOLAR_TEST_TRACE: '1' }, ['-g', '^plain$|lifecycle.spec.ts plain$']);
    assert.equal(run.code, 0, run.output);
    const zip = readFileSync(join(run.trace('plain').dir, 'trace.playwright.zip'));
    assert.ok(zip.includes('test.trace'), 'only the runner writes that entry');
  });

  test('a video is kept, with its place on the time axis', { skip: !FFMPEG }, async () => {
    const run = await runSuite('lifecycle', { ...PATIENT, MOLAR_TEST_REST_MS: '3000', PLAYWRIGHT_BROWSERS_PATH: browsersWithEncoder(FFMPEG ?? '') }, ['-g', 'plain$']);
    assert.equal(run.code, 0, run.output);
    const trace = run.trace('plain');
    assert.deepEqual(trace.of('video').map(({ page, artifact }) => [page, artifact]), [['p1', 'video.webm']]);
    assert.ok(readFileSync(join(trace.dir, 'video.webm')).length > 1_000);
  });
});

describe('a browser in another process', { skip: !canRecord() }, () => {
  test('is recorded through Playwright\'s events, and says so', async () => {
    const named = process.env['MOLAR_CHROMIUM'] ?? (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined);
    const server = await chromium.launchServer({ args: ['--no-sandbox'], ...(named === undefined ? {} : { executablePath: named }) });
    try {
      const run = await runSuite('lifecycle', { ...PATIENT, MOLAR_TEST_ENDPOINT: server.wsEndpoint() }, ['-g', 'plain$']);
      assert.equal(run.code, 0, run.output);
      const trace = run.trace('plain');
      bought(trace);
      assert.ok(trace.of('capture.notice').some(({ code }) => code === 'network.events'));
    } finally {
      await server.close();
    }
  });
});
