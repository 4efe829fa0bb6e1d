import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { playwrightTrace } from './playwright-trace.js';
import type { Running, SuiteRun, Trace } from './suite.js';
import { FIXTURES, canRecord, readTraces, runSuite, runSuiteWith, startSuite } from './suite.js';

const require = createRequire(import.meta.url);

const COMMAND = join(FIXTURES, '..', '..', 'bin', 'molar-trace.mjs');
const LIMIT_MS = 120_000;

interface Case {
  readonly title: string;
  readonly status: 'aborted' | 'failed' | 'error';
  /** What the end of the trace says about the cause. */
  readonly says: RegExp;
  /** What the trace says is missing, or happened to its process. */
  readonly notice?: string;
}

const CASES: readonly Case[] = [
  { title: 'killed', status: 'aborted', says: /was killed by SIGKILL/, notice: 'recovered' },
  { title: 'exits', status: 'aborted', says: /left with exit code 3/, notice: 'worker.exit' },
  { title: 'rejects', status: 'failed', says: /nobody waits for this/ },
  { title: 'times out', status: 'failed', says: /Test timeout of \d+ms exceeded/ },
  { title: 'loses its browser', status: 'failed', says: /closed/, notice: 'browser.gone' },
  { title: 'exhausts its memory', status: 'aborted', says: /memory is exhausted/, notice: 'recovered' },
];

/** The last line of every trace, however its test ended: when the run is over, not when somebody runs again. */
function endOf(trace: Trace): { status?: unknown; error?: { message?: string } } {
  const end = trace.events.at(-1);
  assert.equal(end?.kind, 'run.end', JSON.stringify(trace.events.slice(-3)));
  return end as { status?: unknown; error?: { message?: string } };
}

function hasBought(trace: Trace): void {
  assert.ok(trace.of('network.response').some(({ url }) => String(url).endsWith('/api/buy')), 'the response of the step before is missing');
  assert.ok(trace.of('step.end').some(({ step_id }) => step_id === 's1'), 'the step before the end is missing');
}

describe('however a test ends', { skip: !canRecord() }, () => {
  let run: SuiteRun;
  before(async () => {
    run = await runSuite('crash', { NODE_OPTIONS: '--max-old-space-size=160' }, ['-g', CASES.map(({ title }) => `${title}$`).join('|')]);
    assert.equal(run.code, 1, run.output);
  });

  for (const { title, status, says, notice } of CASES) {
    test(`${title}: the trace is whole and says why`, () => {
      const trace = run.trace(title);
      const end = endOf(trace);
      assert.equal(end.status, status, JSON.stringify(end));
      assert.match(end.error?.message ?? '', says);
      const codes = trace.of('capture.notice').map(({ code }) => code);
      if (notice !== undefined) assert.ok(codes.includes(notice), codes.join());
      hasBought(trace);
      assert.ok(!existsSync(join(trace.dir, 'raw')), 'files in clear stay behind');
    });
  }

  test('a killed worker\'s Playwright trace opens in Playwright\'s viewer', async () => {
    const { methods, urls } = await playwrightTrace(join(run.trace('killed').dir, 'trace.playwright.zip'));
    assert.ok(methods.includes('goto') && methods.includes('click'), methods.join());
    assert.ok(urls.some((url) => url.endsWith('/api/buy')), urls.join());
  });

  test('`molar-trace show` tells what a killed worker did and how it ended', () => {
    const told = execFileSync(process.execPath, [COMMAND, 'show', run.trace('killed').dir], { encoding: 'utf8' });
    assert.match(told, /buy/);
    assert.match(told, /was killed by SIGKILL/);
  });

  test('the end of the run names the traces of the workers that died', () => {
    for (const title of ['killed', 'exits', 'exhausts its memory']) assert.match(run.output, new RegExp(`aborted ${title} \\(its worker died\\)`));
  });
});

/** A trace that is just being made, or changes its files at this moment, cannot be read; the next look finds it. */
function tracesSoFar(root: string): readonly Trace[] {
  try {
    return readTraces(root);
  } catch {
    return [];
  }
}

/** Waits until the test is in its last step. */
async function waiting(running: Running): Promise<Trace> {
  const deadline = Date.now() + LIMIT_MS;
  while (Date.now() < deadline) {
    const trace = tracesSoFar(running.root).find(({ events }) => events.some(({ title }) => title === 'waiting'));
    if (trace) return trace;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the test never came to its last step');
}

/** Waits until a process of ours has ended. */
async function isGone(pid: number): Promise<void> {
  for (const deadline = Date.now() + LIMIT_MS; Date.now() < deadline; ) {
    try {
      process.kill(pid, 0);
    } catch {
      // There is no such process any more.
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`worker ${pid} is still there`);
}

describe('however a run ends', { skip: !canRecord() }, () => {
  test('SIGINT: the trace is ended as aborted', async () => {
    const running = startSuite('crash', {}, ['-g', 'waits$']);
    await waiting(running);
    process.kill(running.pid, 'SIGINT');
    const run = await running.done;
    assert.equal(endOf(run.trace('waits')).status, 'aborted', run.output);
    hasBought(run.trace('waits'));
  });

  test('global timeout: the trace is ended as aborted', async () => {
    // A busy machine may need longer than that to begin the test, which then has no trace to end.
    for (let timeout_ms = 6_000; ; timeout_ms *= 3) {
      const running = startSuite('crash', { MOLAR_TEST_GLOBAL_TIMEOUT: String(timeout_ms) }, ['-g', 'waits$']);
      const run = await running.done;
      assert.equal(run.code, 1);
      const [begun] = run.traces;
      if (!begun && timeout_ms < LIMIT_MS) continue;
      // The runner does not wait for its worker then, which ends the trace by itself or leaves it to recovery.
      await isGone((begun?.of('run.start')[0]?.['worker'] as { pid: number }).pid);
      await (require('@molar/trace-node') as { recover(root: string): Promise<unknown> }).recover(running.root);
      const [ended] = readTraces(running.root);
      assert.equal(ended && endOf(ended).status, 'aborted', run.output);
      return;
    }
  });

  test('the runner is killed: its orphaned worker\'s trace is ended by the next run', async () => {
    const running = startSuite('crash', {}, ['-g', 'waits$']);
    const trace = await waiting(running);
    const { pid } = trace.of('run.start')[0]?.['worker'] as { pid: number };
    process.kill(running.pid, 'SIGKILL');
    await running.done;
    process.kill(pid, 'SIGKILL');
    const next = await runSuite('cjs', { MOLAR_TRACE_DIR: running.root }, ['-g', 'no browser']);
    const end = endOf(next.trace('waits'));
    assert.equal(end.status, 'aborted');
    assert.match(end.error?.message ?? '', /the recording process died/);
    assert.ok(existsSync(join(trace.dir, 'trace.playwright.zip')), readdirSync(trace.dir).join());
  });
});

/** Only root may mount a small disk. */
function canMount(): boolean {
  try {
    execFileSync('unshare', ['--mount', '--', 'sh', '-c', 'mount -t tmpfs -o size=64k none /mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('\nWARNING: no small disk can be mounted here, so the test of a full disk is skipped.\n\n');
    return false;
  }
}

describe('a full disk', { skip: !canRecord() || !canMount() }, () => {
  test('fails no test, and the trace says how much it lost and how it ended', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'molar-full-'));
    const cli = join(dirname(require.resolve('@playwright/test/package.json')), 'cli.js');
    const runner = { program: join(FIXTURES, 'shared', 'full-disk.sh'), cli, cwd: join(FIXTURES, 'crash') };
    const run = await runSuiteWith(runner, { MOLAR_TEST_COPY: copy, MOLAR_TEST_OPTIONS: JSON.stringify({ playwright_zip: false, video: false }) }, ['-g', 'fills the disk$']);
    try {
      assert.equal(run.code, 0, run.output);
      const [trace] = readTraces(copy);
      assert.ok(trace, run.output);
      const refused = trace.of('capture.notice').filter(({ code }) => code === 'disk.refused');
      assert.ok(refused.some(({ count }) => Number(count) > 0), JSON.stringify(trace.of('capture.notice')));
      assert.equal(endOf(trace).status, 'passed');
      trace.events.forEach(({ seq }, index) => assert.equal(seq, index + 1));
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });
});
