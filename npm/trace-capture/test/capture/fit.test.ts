import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium } from '@playwright/test';
import type { Event, SuiteRun, Trace } from './suite.js';
import { PATIENT, canRecord, runSuite } from './suite.js';

/** What must be true of the trace of one test. */
interface Claim {
  readonly test: string;
  readonly claim: string;
  readonly check: (trace: Trace) => void;
}

const captureOf = (trace: Trace): Readonly<Record<string, unknown>> => trace.events[0]?.['capture'] as Readonly<Record<string, unknown>>;
const foreign = (trace: Trace): readonly Event[] => trace.events.filter(({ kind }) => kind.startsWith('x.'));
const noticesOf = (trace: Trace, code: string): unknown => trace.of('capture.notice').find((event) => event['code'] === code)?.['count'];

const CLAIMS: readonly Claim[] = [
  {
    test: 'front matter',
    claim: 'the options at the head of its file hold',
    check: (trace) => assert.deepEqual([captureOf(trace)['heartbeat_ms'], captureOf(trace)['mask_text'], captureOf(trace)['video']], [777, ['.balance'], true]),
  },
  {
    test: 'own options',
    claim: 'its annotation is stronger than its file',
    check: (trace) => {
      assert.deepEqual([captureOf(trace)['heartbeat_ms'], captureOf(trace)['mask_text']], [888, ['.balance']]);
      assert.equal(trace.of('scenario.event').filter(({ name }) => name === 'stdout').length, 0);
    },
  },
  {
    test: 'another process',
    claim: 'events of the client and of raw lines are in the trace, in their step and at their time',
    check: (trace) => {
      const start = trace.of('step.start').find(({ step_id }) => step_id === 's1');
      const [cache] = trace.of('x.cache');
      assert.deepEqual([cache?.['key'], cache?.['hit'], cache?.['source'], cache?.step_id], ['plan', false, 'endpoint', 's1']);
      assert.ok((cache?.ts ?? 0) >= (start?.ts ?? Infinity));
      assert.deepEqual(trace.of('agent.thought').map(({ text }) => text), ['from a child']);
      assert.deepEqual(trace.of('x.by_hand').map(({ n }) => n), [1, 2, 1]);
    },
  },
  {
    test: 'another process',
    claim: 'what was not taken is counted',
    check: (trace) => {
      assert.equal(noticesOf(trace, 'events.refused'), 4);
      assert.equal(noticesOf(trace, 'events.late'), 1);
      assert.equal(trace.of('x.early').length, 0);
      assert.equal(Number(noticesOf(trace, 'events.dropped')) + trace.of('x.flood').length, 20_001);
    },
  },
  {
    test: 'a browser that was there before',
    claim: 'network and DOM over a connection by the debugging protocol',
    check: (trace) => {
      assert.equal(trace.of('network.response').filter(({ url }) => String(url).endsWith('/api/buy')).length, 1);
      assert.ok(trace.of('dom.snapshot').length > 0);
    },
  },
  {
    test: 'random',
    claim: 'the seed and what was drawn',
    check: (trace) => {
      const named = (name: string): unknown => trace.of('scenario.event').find((event) => event['name'] === name)?.['data'];
      assert.deepEqual(named('rng.seed'), { seed: 'tea', scope: ['pages', 'test'] });
      assert.ok(((named('rng.draw') as { count: number } | undefined)?.count ?? 0) >= 2);
    },
  },
  { test: 'a page cannot write', claim: 'no event of the page is in the trace', check: (trace) => assert.deepEqual(foreign(trace), []) },
  { test: 'header', claim: 'the server found the trace by its header', check: (trace) => assert.deepEqual(trace.of('x.served').map(({ path }) => path), ['/price']) },
];

describe('a suite that uses what there is to use', { skip: !canRecord() }, () => {
  const html = mkdtempSync(join(tmpdir(), 'molar-html-'));
  after(() => rmSync(html, { recursive: true, force: true }));
  let run: SuiteRun;
  before(async () => {
    run = await runSuite('fit', { ...PATIENT, MOLAR_TEST_HTML: html }, ['--shard=1/1']);
  });

  for (const { test: title, claim, check } of CLAIMS) test(`${title}: ${claim}`, () => check(run.trace(title)));

  test('only the test that is to fail does', () => {
    const failed = run.traces.filter((trace) => trace.events.at(-1)?.['status'] !== 'passed').map(({ title }) => title);
    assert.deepEqual(failed.sort(), ['fails', 'goes second'], run.output);
  });

  test('every project and attempt is a trace, with what is particular to it', () => {
    const told = run.traces.filter(({ title }) => ['priced', 'goes first', 'goes second'].includes(title)).map((trace) => {
      const parameters = trace.of('scenario.event').filter(({ name }) => name === 'parameter').map(({ key, value }) => `${String(key)}=${String(value).replace(/REDACTED:\w+:\d+/, 'REDACTED')}`);
      return [trace.events[0]?.['project'], trace.title, trace.retry, trace.events.at(-1)?.['status'], ...parameters].join(' ');
    });
    const secret = 'password=[REDACTED]';
    assert.deepEqual(told.sort(), [
      `dollar goes first 0 passed currency=USD ${secret}`, `dollar goes first 1 passed currency=USD ${secret}`, `dollar goes second 0 failed currency=USD ${secret}`,
      `dollar goes second 1 passed currency=USD ${secret}`, `dollar priced 0 passed currency=USD ${secret}`, 'euro goes first 0 passed currency=EUR',
      'euro goes second 0 passed currency=EUR', 'euro priced 0 passed currency=EUR',
    ]);
    const { metadata, shard, retries } = run.trace('fails').events[0]?.['environment'] as Readonly<Record<string, unknown>>;
    assert.deepEqual([metadata, shard, retries], [{ team: 'shop' }, { current: 1, total: 1 }, 0]);
  });

  test('a typo in front matter is told', () => assert.match(run.output, /the front matter of .*events\.spec\.ts: there is no option `vidoe`; did you mean `video`\?/));

  test('the HTML report leads to the trace', async () => {
    const named = process.env['MOLAR_CHROMIUM'] ?? (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined);
    const browser = await chromium.launch({ args: ['--no-sandbox'], ...(named === undefined ? {} : { executablePath: named }) });
    try {
      const page = await browser.newPage();
      await page.goto(pathToFileURL(join(html, 'index.html')).href);
      await page.getByText('fails', { exact: true }).first().click();
      const short = run.trace('fails').events[0]?.['short_id'];
      await page.getByText(`npx molar-trace show ${String(short)}`).first().waitFor({ timeout: 180_000 });
      await page.getByText('molar-trace', { exact: true }).last().click();
      await page.getByText(`"short_id": "${String(short)}"`).waitFor({ timeout: 180_000 });
    } finally {
      await browser.close();
    }
  });
});
