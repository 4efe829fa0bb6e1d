import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { settings } from '../../dist/options/index.js';
import type { Attempt, Plan } from '../../dist/policy.js';
import { isKept, planOf } from '../../dist/policy.js';
import { pruningOf } from '../../dist/run-results.js';
import { canRecord, runSuite } from './suite.js';

type Options = Partial<Pick<ReturnType<typeof settings>, 'enabled' | 'mode' | 'sample'>>;

function attempt(retry: number, testId = 'a-test', runId = 'a-run'): Attempt {
  return { testId, runId, retry };
}

function policyOf(options: Options): ReturnType<typeof settings> {
  return { ...settings(), ...options };
}

const PLANS: readonly { readonly options: Options; readonly first: Plan; readonly retry: Plan; readonly later: Plan }[] = [
  { options: {}, first: 'record', retry: 'record', later: 'record' },
  { options: { enabled: false, mode: 'on' }, first: 'leave', retry: 'leave', later: 'leave' },
  { options: { mode: 'off' }, first: 'leave', retry: 'leave', later: 'leave' },
  { options: { mode: 'retain-on-failure' }, first: 'hold', retry: 'hold', later: 'hold' },
  { options: { mode: 'retain-on-failure', sample: 0 }, first: 'hold', retry: 'hold', later: 'hold' },
  { options: { mode: 'on-first-retry' }, first: 'leave', retry: 'record', later: 'leave' },
  { options: { mode: 'on-all-retries' }, first: 'leave', retry: 'record', later: 'record' },
  { options: { sample: 0 }, first: 'leave', retry: 'leave', later: 'leave' },
];

describe('which attempts are recorded', () => {
  for (const { options, first, retry, later } of PLANS) {
    test(JSON.stringify(options), () => {
      assert.deepEqual([0, 1, 2].map((number) => planOf(policyOf(options), attempt(number))), [first, retry, later]);
    });
  }

  test('a sample is a share of the tests, the same for every attempt and process, another one in another run', () => {
    const drawn = (runId: string): string[] =>
      Array.from({ length: 2_000 }, (_, n) => `test-${n}`).filter((testId) => planOf(policyOf({ sample: 0.25 }), attempt(0, testId, runId)) === 'record');
    const first = drawn('run-1');
    assert.ok(first.length > 400 && first.length < 600, `${first.length} of 2000`);
    assert.deepEqual(drawn('run-1'), first);
    assert.notDeepEqual(drawn('run-2'), first);
    for (const testId of first) assert.equal(planOf(policyOf({ sample: 0.25 }), attempt(1, testId, 'run-1')), 'record');
  });

  test('a failure is kept whatever was drawn; of the others as many as asked for', () => {
    assert.equal(isKept(policyOf({ sample: 0 }), attempt(0), true), true);
    assert.equal(isKept(policyOf({}), attempt(0), false), false);
    assert.equal(isKept(policyOf({ sample: 1 }), attempt(0), false), true);
  });
});

describe('the bound of the local traces', () => {
  const removed = [{ dir: '/a', status: 'passed' }, { dir: '/b', status: 'failed' }];

  test('says nothing when there was nothing to do', () => assert.equal(pruningOf({ traces: [], freedBytes: 0, keptBytes: 9, unfinished: 0 }, 10), ''));

  test('says what was removed', () => {
    assert.equal(
      pruningOf({ traces: removed, freedBytes: 2_500_000, keptBytes: 9, unfinished: 0 }, 10),
      'molar-trace: removed 2 old traces (1 of tests that had not passed), 2.5 MB, to keep within `max_disk_bytes`\n',
    );
  });

  test('says why it is still exceeded', () => {
    assert.match(pruningOf({ traces: [], freedBytes: 0, keptBytes: 3_000_000, unfinished: 4 }, 1_000_000), /take 3\.0 MB of 1\.0 MB; 4 wait for a server/);
  });
});

describe('retain-on-failure', { skip: !canRecord() }, () => {
  test('only the attempt that failed leaves a trace, and it alone is offered to a server', async () => {
    const env = { MOLAR_TEST_OPTIONS: JSON.stringify({ mode: 'retain-on-failure' }), MOLAR_TEST_RETRIES: '1', MOLAR_TRACE_URL: 'http://127.0.0.1:9', MOLAR_TRACE_KEY: 'molar_sk_not_a_real_key' };
    const run = await runSuite('crash', env, ['-g', 'passes']);
    assert.equal(run.code, 0, run.output);
    assert.deepEqual(run.traces.map(({ title, retry }) => [title, retry]), [['passes at the second attempt', 0]]);
    assert.equal(run.trace('passes at the second attempt').events.at(-1)?.['status'], 'failed');
    assert.match(run.output, /1 trace is not on the server/);
  });
});

describe('a run of its own accord', { skip: !canRecord() }, () => {
  test('leaves out what costs more than it may, says so, and the test passes', async () => {
    const env = { MOLAR_TEST_OPTIONS: JSON.stringify({ video: false, playwright_zip: false }), MOLAR_TRACE_MAX_BYTES_PER_SECOND: '10000' };
    const run = await runSuite('crash', env, ['-g', 'never rests$']);
    assert.equal(run.code, 0, run.output);
    const [shed] = run.trace('never rests').of('capture.notice').filter(({ code }) => code === 'governor.shed');
    assert.match(String(shed?.['message']), /is left out from here on: recording took \d+ % of the bytes a second/);
  });

  test('removes the traces of earlier runs beyond `max_disk_bytes`, and none of its own', async () => {
    const first = await runSuite('cjs', {}, ['-g', 'plain$']);
    const [earlier] = first.traces;
    const root = earlier?.dir.slice(0, earlier.dir.lastIndexOf('traces')) ?? '';
    const second = await runSuite('cjs', { MOLAR_TRACE_DIR: root, MOLAR_TRACE_MAX_DISK_BYTES: '1' }, ['-g', 'plain$']);
    assert.equal(second.code, 0, second.output);
    assert.match(second.output, /removed 1 old trace /);
    assert.deepEqual(second.traces.map(({ title }) => title), ['plain']);
    assert.notEqual(second.traces[0]?.dir, earlier?.dir);
  });
});
