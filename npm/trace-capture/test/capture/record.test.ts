import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { Event, SuiteRun, Trace } from './suite.js';
import { PATIENT, canRecord, contentOf, runSuite, secretOf, verdictsOf } from './suite.js';
import { stateAfter } from '../../dist/state/fold.js';
import type { RecordedState } from '../../dist/state/types.js';

/** A recorded test and what must be true of its trace. */
interface Case {
  readonly test: string;
  readonly retry?: number;
  readonly claim: string;
  readonly check: (trace: Trace) => void;
}

const step = (trace: Trace, title: string): Event => only(trace.of('step.start').filter((event) => event['title'] === title), `step ${title}`);
const endOf = (trace: Trace, title: string): Event => only(trace.of('step.end').filter(({ step_id }) => step_id === step(trace, title).step_id), `end of ${title}`);
const request = (trace: Trace, path: string): Event => only(trace.of('network.request').filter(({ url }) => String(url).endsWith(path)), `request ${path}`);
const response = (trace: Trace, path: string): Event => only(trace.of('network.response').filter(({ url }) => String(url).endsWith(path)), `response ${path}`);

function only(events: readonly Event[], what: string): Event {
  assert.equal(events.length, 1, `${what}: found ${events.length}`);
  return events[0] as Event;
}

/** What Playwright's own loader says of a trace, and the members it unpacked. */
function openedByPlaywright(zip: string): { told: string; members: readonly (readonly [string, string])[] } {
  const cwd = mkdtempSync(join(tmpdir(), 'molar-opened-'));
  const cli = join(dirname(createRequire(import.meta.url).resolve('@playwright/test/package.json')), 'cli.js');
  const { stdout, stderr, status } = spawnSync(process.execPath, [cli, 'trace', 'open', zip], { cwd, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const files = readdirSync(cwd, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const members = files.map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'latin1')] as const);
  rmSync(cwd, { recursive: true });
  return { told: stdout, members };
}

const CASES: readonly Case[] = [
  {
    test: 'steps',
    claim: 'names steps by their place and keeps values',
    check: (trace) => {
      const ids = ['open', 'inner', 'left', 'right', 'left child', 'right child', 'buy'].map((title) => step(trace, title).step_id);
      assert.deepEqual(ids, ['s1', 's1.1', 's2', 's3', 's2.1', 's3.1', 's4']);
      assert.deepEqual(endOf(trace, 'open')['value'], { greeting: 'hello' });
      assert.equal(step(trace, 'buy')['index'], 4);
      assert.equal((step(trace, 'open')['location'] as { file: string }).file, 'steps.spec.ts');
    },
  },
  {
    test: 'steps',
    claim: 'puts a body outside of steps into an implicit one',
    check: (trace) => {
      const implicit = only(trace.of('step.start').filter(({ category }) => category === 'implicit'), 'implicit step');
      const inside = only(trace.of('assertion').filter(({ step_id }) => step_id === implicit.step_id), 'assertion in it');
      assert.equal(inside['name'], 'toHaveText');
    },
  },
  {
    test: 'steps',
    claim: 'records actions with their place and locator',
    check: (trace) => {
      const click = only(trace.of('action').filter(({ api }) => api === 'locator.click'), 'click');
      assert.equal(click.step_id, 's4');
      assert.match(String(click['locator']), /getByRole\('button'/);
      assert.equal((click['location'] as { file: string }).file, 'steps.spec.ts');
    },
  },
  {
    test: 'steps',
    claim: 'records redirects hop by hop and bodies both ways',
    check: (trace) => {
      const hop = only(trace.of('network.response').filter(({ status }) => status === 302), 'redirect');
      const landed = only(trace.of('network.request').filter(({ redirected_from }) => redirected_from === hop['request_id']), 'landing');
      assert.match(String(landed['url']), /\/$/);
      assert.equal(contentOf(request(trace, '/api/buy'), 'body')?.text, '{"item":7}');
      assert.match(contentOf(response(trace, '/api/buy'), 'body')?.text ?? '', /"ok":"bought"/);
    },
  },
  {
    test: 'steps',
    claim: 'records DOM, pictures and the Playwright zip',
    check: (trace) => {
      assert.ok(trace.of('dom.snapshot').some(({ frame }) => frame === 'p1f1'));
      assert.ok(trace.of('dom.mutation').some(({ digest }) => /^[0-9a-f]{8}$/.test(String((digest as { value?: string } | undefined)?.value))));
      assert.ok(trace.of('screenshot').some(({ reason, step_id }) => reason === 'step.end' && step_id === 's4'));
      assert.ok(existsSync(join(trace.dir, 'trace.playwright.zip')));
    },
  },
  {
    test: 'steps',
    claim: 'records the browser\'s state at boundaries, whole at both ends, and never in clear',
    check: (trace) => {
      const states = trace.of('browser.state');
      assert.deepEqual([states[0]?.['full'], states[0]?.['revision'], states.at(-1)?.['full']], [true, 1, true]);
      assert.deepEqual(states.map(({ revision }) => revision), states.map((_, at) => at + 1));
      const stateBy = (last: number): ReturnType<typeof stateAfter> =>
        stateAfter(states.filter(({ ts }) => ts <= last).map(({ secret }) => secretOf(trace, (secret as { vault: string }).vault) as RecordedState));
      // The page is loaded when `inner` begins, so the boundaries of that step know its document.
      assert.match(JSON.stringify(stateBy(endOf(trace, 'inner').ts).get('document p1f1') ?? 'none'), /"title":"Shop"/);
      assert.deepEqual(states.filter(({ secret }) => Object.keys(secret as object).join() !== 'vault,bytes'), []);
      const state = stateBy(Infinity);
      assert.deepEqual([...state.keys()].sort(), ['cookies', 'document p1f1', 'history p1', ...[...state.keys()].filter((name) => /^(local|session)/.test(name))].sort());
      assert.match(JSON.stringify(state.get('document p1f1')), /"title":"Shop"/);
    },
  },
  {
    test: 'steps',
    claim: 'ends every step before the run',
    check: (trace) => {
      assert.equal(trace.of('step.start').length, trace.of('step.end').length);
      assert.equal(trace.events.at(-1)?.kind, 'run.end');
      assert.equal(trace.events.at(-1)?.['status'], 'passed');
    },
  },
  {
    test: 'signs in',
    claim: 'keeps a Playwright trace that Playwright opens and that says no secret',
    check: (trace) => {
      const { told, members } = openedByPlaywright(join(trace.dir, 'trace.playwright.zip'));
      assert.match(told, /Actions: +[1-9]/);
      assert.ok(members.some(([name, text]) => name.endsWith('.trace') && text.includes('Lisbon')));
      const said = members.filter(([, text]) => /correct-horse-9|c00kie-value-abc123/.test(text)).map(([name]) => name);
      assert.deepEqual(said, []);
    },
  },
  {
    test: 'soft',
    claim: 'records soft assertions, their message and negation',
    check: (trace) => {
      const [first, second] = trace.of('assertion');
      assert.deepEqual([first?.['message'], first?.['pass'], first?.['soft'], first?.['expected'], first?.['received']], ['one is two', false, true, 2, 1]);
      assert.deepEqual([second?.['negated'], second?.['soft'], second?.['pass']], [true, true, false]);
      assert.equal(trace.events.at(-1)?.['status'], 'failed');
    },
  },
  {
    test: 'failing step',
    claim: 'shows what failed, where, and how it looked',
    check: (trace) => {
      const failed = endOf(trace, 'wrong');
      assert.equal(failed['status'], 'failed');
      const assertion = only(trace.of('assertion'), 'assertion');
      assert.deepEqual([assertion['pass'], assertion['expected'], assertion['received'], assertion['locator']], [false, 'Market', 'Shop', "locator('h1')"]);
      assert.ok(trace.of('screenshot').some(({ reason }) => reason === 'failure'));
      assert.match(String((trace.events.at(-1)?.['error'] as { message: string }).message), /toHaveText/);
    },
  },
  {
    test: 'late action',
    claim: 'marks an action that outlived its step',
    check: (trace) => {
      const late = only(trace.of('action').filter(({ api }) => api === 'locator.textContent'), 'late action');
      assert.equal(late['late'], true);
      assert.equal(late.step_id, 's1');
    },
  },
  {
    test: 'timeout',
    claim: 'closes what a timed-out test left open',
    check: (trace) => {
      assert.equal(trace.events.at(-1)?.['playwright_status'], 'timedOut');
      assert.equal(trace.of('step.start').length, trace.of('step.end').length);
    },
  },
  {
    test: 'caught',
    claim: 'tells skipped steps from failed ones and removes colours',
    check: (trace) => {
      assert.equal(endOf(trace, 'throws')['status'], 'failed');
      assert.equal((endOf(trace, 'throws')['error'] as { message: string }).message, 'Error: red');
      assert.equal(trace.events.at(-1)?.['status'], 'passed');
    },
  },
  {
    test: 'api only',
    claim: 'records API requests and launches no browser for them',
    check: (trace) => {
      assert.equal(contentOf(request(trace, '/api/plain'), 'body')?.text, '{"item":1}');
      assert.equal(response(trace, '/api/plain')['status'], 200);
      assert.equal(trace.of('action').filter(({ api }) => api === 'browserType.launch').length, 0);
    },
  },
  {
    test: 'popup and frame',
    claim: 'sees the first request of a popup and of a frame once each',
    check: (trace) => {
      assert.equal(response(trace, '/popup')['status'], 200);
      assert.equal(response(trace, '/api/from-popup')['status'], 200);
      assert.equal(response(trace, '/api/from-frame')['status'], 200);
      assert.ok(trace.of('dom.snapshot').some(({ page }) => page === 'p2'));
    },
  },
  {
    test: 'frame of another site',
    claim: 'sees a frame that has a process of its own',
    check: (trace) => {
      assert.equal(response(trace, '/inner')['status'], 200);
      assert.equal(response(trace, '/api/from-frame')['status'], 200);
      assert.ok(trace.of('dom.snapshot').some(({ frame, frame_url }) => frame === 'p1f2' && String(frame_url).includes('localhost')));
    },
  },
  { test: 'manual context', claim: 'records a context the test made', check: (trace) => void assert.equal(response(trace, '/api/buy')['status'], 200) },
  {
    test: 'stream',
    claim: 'keeps what came of an endless stream',
    check: (trace) => {
      const stream = response(trace, '/sse');
      assert.match(contentOf(stream, 'body')?.text ?? '', /data: 1\n\ndata: 2/);
    },
  },
  {
    test: 'socket',
    claim: 'records frames both ways',
    check: (trace) => {
      const frames = trace.of('network.ws').filter((event) => 'data' in event).map((event) => [event['direction'], contentOf(event, 'data')?.text]);
      assert.deepEqual(frames, [['sent', 'ping'], ['received', 'pong']]);
      assert.ok(trace.of('network.ws').some(({ direction }) => direction === 'open'));
    },
  },
  {
    test: 'upload',
    claim: 'keeps the bytes of an uploaded file',
    check: (trace) => {
      const body = contentOf(request(trace, '/api/upload'), 'body');
      const answered = JSON.parse(contentOf(response(trace, '/api/upload'), 'body')?.text ?? '{}') as { bytes?: number };
      assert.equal(body?.size, answered.bytes);
    },
  },
  {
    test: 'upload from disk',
    claim: 'joins the bytes of a file chosen by its path',
    check: (trace) => {
      const body = contentOf(request(trace, '/api/upload'), 'body');
      const answered = JSON.parse(contentOf(response(trace, '/api/upload'), 'body')?.text ?? '{}') as { bytes?: number };
      assert.deepEqual([body?.size, body?.truncated], [answered.bytes, undefined]);
    },
  },
  { test: 'worker', claim: 'sees the requests of a worker once', check: (trace) => void assert.equal(response(trace, '/api/from-worker')['status'], 200) },
  {
    test: 'big',
    claim: 'cuts a body at the limit and says so',
    check: (trace) => {
      const body = contentOf(response(trace, '/big'), 'body');
      assert.equal(body?.size, 16 * 1024 * 1024);
      assert.equal(body?.truncated, 4 * 1024 * 1024);
    },
  },
  {
    test: 'noise',
    claim: 'records console, uncaught errors, dialogs, output and attachments',
    check: (trace) => {
      assert.deepEqual(trace.of('console.log').map(({ text }) => text), ['hello 1']);
      const levels = trace.of('console.error').filter(({ text }) => !String(text).startsWith('Failed to load resource')).map(({ level, text }) => [level, text]);
      assert.deepEqual(levels, [['error', 'bad'], ['pageerror', 'TypeError: uncaught here']]);
      const named = (name: string): Event => only(trace.of('scenario.event').filter((event) => event['name'] === name), name);
      assert.equal((named('dialog')['data'] as { message: string }).message, 'sure?');
      assert.match(String(named('stdout')['text']), /printed by the test/);
      assert.equal(contentOf(named('attachment'), 'content')?.text, 'a note');
    },
  },
  { test: 'flaky', claim: 'records the first attempt', check: (trace) => void assert.equal(trace.events.at(-1)?.['status'], 'failed') },
  { test: 'flaky', retry: 1, claim: 'records the second attempt as a trace of its own', check: (trace) => void assert.equal(trace.events.at(-1)?.['status'], 'passed') },
  {
    test: 'fails as expected',
    claim: 'counts an expected failure as passed',
    check: (trace) => {
      const end = trace.events.at(-1);
      assert.deepEqual([end?.['status'], end?.['expected_status']], ['passed', 'failed']);
    },
  },
];

describe('a recorded suite', { skip: !canRecord() }, () => {
  const reports = mkdtempSync(join(tmpdir(), 'molar-reports-'));
  const report = (name: string): string => join(reports, `${name}.json`);
  let run: SuiteRun;
  before(async () => {
    run = await runSuite('esm', { ...PATIENT, MOLAR_TEST_REPORT: report('on'), MOLAR_TRACE_REPORT_LINK: '0' });
  });

  for (const { test: title, retry, claim, check } of CASES) test(`${title}: ${claim}`, () => check(run.trace(title, retry)));

  test('tells the failed ones and nothing else of itself', () => {
    const lines = run.output.split('\n').filter((line) => line.startsWith('molar-trace:'));
    assert.deepEqual(lines, [`molar-trace: 4 failed of ${run.traces.length} recorded`]);
  });

  test('without the link, changes nothing that a reporter sees', async () => {
    const bare = await runSuite('esm', { MOLAR_TRACE: '0', MOLAR_TEST_REPORT: report('off') });
    assert.equal(bare.traces.length, 0);
    assert.deepEqual(verdictsOf(report('on')), verdictsOf(report('off')));
    rmSync(reports, { recursive: true, force: true });
  });

  test('shares one run id', () => {
    const ids = new Set(run.traces.map(({ events }) => (events[0]?.['run'] as { id: string }).id));
    assert.equal(ids.size, 1);
  });

  test('numbers every trace without gaps', () => {
    for (const { events } of run.traces) assert.deepEqual(events.map(({ seq }) => seq), events.map((_, index) => index + 1));
  });

  test('shows no step of its own', () => {
    const own = run.traces.flatMap((trace) => trace.of('step.start')).filter(({ title }) => /molar/i.test(String(title)));
    assert.deepEqual(own, []);
  });
});
