import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { SuiteRun } from '../../capture/suite.js';
import { canRecord, runSuite, verdictsOf } from '../../capture/suite.js';
import { HARD_PAGES } from './cases.js';

describe('hard pages of the network', { skip: !canRecord() }, () => {
  const reports = mkdtempSync(join(tmpdir(), 'molar-corpus-'));
  process.once('exit', () => rmSync(reports, { recursive: true, force: true }));
  const report = (name: string): string => join(reports, `${name}.json`);
  let recorded: SuiteRun;
  before(async () => {
    recorded = await runSuite('../corpus/network', { MOLAR_TEST_REPORT: report('on') });
    assert.equal(recorded.code, 0, recorded.output || JSON.stringify(verdictsOf(report('on'))));
  });

  for (const { name, hazard, check } of HARD_PAGES) test(`${name}: ${hazard}`, () => check(recorded.trace(name)));

  test('the same verdicts, steps and errors unrecorded', async () => {
    const bare = await runSuite('../corpus/network', { MOLAR_TRACE: '0', MOLAR_TEST_REPORT: report('off') });
    assert.equal(bare.code, 0, bare.output);
    assert.deepEqual(verdictsOf(report('on')), verdictsOf(report('off')));
  });

  test('every request has a page or a worker, and every one of a page its frame', () => {
    for (const trace of recorded.traces) {
      for (const event of trace.of('network.request').filter(({ source }) => source === undefined)) {
        assert.ok(event['page'] ?? event['worker'], JSON.stringify(event));
        assert.ok(event['frame'] ?? event['worker'] ?? event['preflight_for'], JSON.stringify(event));
      }
    }
  });

  test('loses no event on the way', () => {
    const codes = recorded.traces.flatMap((trace) => trace.of('capture.notice').map(({ code }) => code));
    assert.deepEqual(codes, []);
  });

  test('the recorder has nothing to complain about', () => assert.doesNotMatch(recorded.output, /record has gaps/));
});

/** The same pages through Playwright's own events, as on other browsers: what they cannot give is said page by page. */
describe('hard pages through events', { skip: !canRecord() }, () => {
  let run: SuiteRun;
  before(async () => {
    run = await runSuite('../corpus/network', { MOLAR_TRACE_NETWORK_SOURCE: 'events' }, ['--grep-invert', 'megabytes']);
    assert.equal(run.code, 0, run.output);
  });

  for (const { name, hazard, check, byEvents } of HARD_PAGES.filter(({ name }) => !name.includes('megabytes'))) {
    test(`${name}: ${byEvents?.why ?? hazard}`, () => (byEvents?.check ?? check)(run.trace(name)));
  }

  test('says so in every trace that had a page', () => {
    for (const trace of run.traces) assert.ok(trace.of('capture.notice').some(({ code }) => code === 'network.events'), trace.title);
  });

  test('the recorder has nothing to complain about', () => assert.doesNotMatch(run.output, /record has gaps/));
});
