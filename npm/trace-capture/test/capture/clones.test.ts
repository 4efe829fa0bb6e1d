import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CloneClient } from '../../dist/clones/client.js';
import type { LogEntry } from '../../dist/clones/client.js';
import { CloneWatch } from '../../dist/clones/watch.js';
import type { Session } from '../../dist/session.js';
import type { SuiteRun, Trace } from './suite.js';
import { PATIENT, canRecord, runSuite } from './suite.js';

const CLONE = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..', 'examples', 'stripe-clone');
const TEST = 'a clone at work';

/** Starts the example clone on free ports; it prints its addresses as one line. */
async function startClone(): Promise<{ child: ChildProcess; vendor: string; admin: string }> {
  if (!existsSync(join(CLONE, 'dist', 'src', 'main.js'))) execFileSync('npm', ['run', 'build'], { cwd: CLONE, stdio: 'ignore' });
  const child = spawn(process.execPath, [join(CLONE, 'dist', 'src', 'main.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (part: Buffer) => resolve(part.toString()));
    child.once('exit', (code) => reject(new Error(`the clone ended with ${code}`)));
  });
  const { vendor, admin } = JSON.parse(line) as { vendor: string; admin: string };
  return { child, vendor, admin };
}

async function seed(admin: string, run: string): Promise<void> {
  const answer = await fetch(`${admin}/_clone/seed`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ run, seed: 'tea' }) });
  assert.equal(answer.status, 200);
}

/** Holds back what the clone's log answered, for as long as it is told to. */
class HeldClient extends CloneClient {
  held: Promise<void> | undefined;
  reached: () => void = () => undefined;

  override async log(after: number): Promise<readonly LogEntry[]> {
    const entries = await super.log(after);
    this.reached();
    await this.held;
    return entries;
  }
}

/** What must be true of the trace of a test that used a clone. */
const CLAIMS: readonly { readonly claim: string; readonly check: (trace: Trace) => void }[] = [
  { claim: 'its state is recorded whenever it changed', check: (trace) => assert.ok(new Set(trace.of('clone.state').map(({ rev }) => rev)).size >= 2) },
  {
    claim: 'its world is saved when a step ends',
    check: (trace) => {
      const steps = new Set(trace.of('clone.snapshot').map(({ step_id }) => step_id));
      assert.deepEqual([...steps], ['s1', 's2', 's3', 's4']);
      assert.match(String(trace.of('clone.snapshot')[0]?.['schema']), /^molar\/clones-stripe@v/);
    },
  },
  {
    claim: 'a webhook and what it was answered are in the network record',
    check: (trace) => {
      const answers = trace.of('network.response').filter(({ resource_type }) => resource_type === 'webhook');
      const [first] = answers;
      assert.deepEqual([first?.['status'], first?.['source'], first?.['clone']], [404, 'clone', 'stripe']);
      assert.match(String(first?.['url']), /\/hook$/);
      assert.ok(trace.of('network.request').some(({ request_id }) => request_id === first?.['request_id']));
    },
  },
  {
    claim: 'its clock moved',
    check: (trace) => {
      const [move] = trace.of('clock.advance');
      assert.equal(move?.['cause'], 'advance');
      assert.equal(Math.round((Number(move?.['to_ms']) - Number(move?.['from_ms'])) / 86_400_000), 30);
    },
  },
  { claim: 'its chaos fired', check: (trace) => assert.deepEqual(trace.of('error_injection').map(({ status }) => status), [503]) },
  {
    claim: 'it told itself what it was seeded with, as a digest',
    check: (trace) => {
      const { clone, run, seed_digest } = trace.of('scenario.event').find(({ name }) => name === 'clone.seed')?.['data'] as Readonly<Record<string, string>>;
      assert.deepEqual([clone, run], ['stripe', 'run-1']);
      assert.match(seed_digest ?? '', /^(sha256:)?[0-9a-f]{64}$/);
    },
  },
  { claim: 'its seed stands at the beginning', check: (trace) => assert.deepEqual(trace.events[0]?.['seeds'], { stripe: 'seed-1' }) },
];

describe('a test with a clone', { skip: !canRecord() }, () => {
  let clone: Awaited<ReturnType<typeof startClone>>;
  let run: SuiteRun;
  before(async () => {
    clone = await startClone();
    run = await runSuite('clones', { ...PATIENT, MOLAR_CLONE_STRIPE_ADMIN_URL: clone.admin, MOLAR_CLONE_STRIPE_URL: `${clone.vendor}/t/run-1`, MOLAR_CLONE_RUN: 'run-1', MOLAR_CLONE_STRIPE_SEED: 'seed-1' });
    assert.equal(run.code, 0, run.output);
  });
  after(() => clone.child.kill());

  for (const { claim, check } of CLAIMS) test(claim, () => check(run.trace(TEST)));

  test('what happens while it is read is read by whoever asks then', async () => {
    await seed(clone.admin, 'held');
    const kinds: string[] = [];
    const session = { testInfo: { config: { workers: 1 } }, recorder: {}, seen: new Set(), append: (kind: string) => kinds.push(kind), appendContent: () => undefined } as unknown as Session;
    const client = new HeldClient({ kind: 'stripe', admin: clone.admin, run: 'held' });
    const watch = new CloneWatch(session, client, []);
    await watch.poll();
    let release = (): void => undefined;
    client.held = new Promise((resolve) => (release = resolve));
    const reached = new Promise<void>((resolve) => (client.reached = resolve));
    const first = watch.poll();
    await reached;
    const moved = await fetch(`${clone.admin}/_clone/clock/advance`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ run: 'held', duration: '1d' }) });
    assert.equal(moved.status, 200);
    const second = watch.poll();
    release();
    await Promise.all([first, second]);
    assert.ok(kinds.includes('clock.advance'), kinds.join());
  });

  test('two clones are saved together, and their clocks run on', async () => {
    const clones = ['one', 'two'].map((name) => ({ kind: 'stripe', name, admin: clone.admin, run: `pair-${name}` }));
    for (const { run: id } of clones) await seed(clone.admin, id);
    const pair = await runSuite('clones', { ...PATIENT, MOLAR_TRACE_CLONES: JSON.stringify(clones), MOLAR_CLONE_STRIPE_ADMIN_URL: clone.admin, MOLAR_CLONE_STRIPE_URL: `${clone.vendor}/t/pair-one`, MOLAR_CLONE_RUN: 'pair-one' });
    assert.equal(pair.code, 0, pair.output);
    const saved = pair.trace(TEST).of('clone.snapshot').filter(({ step_id }) => step_id === 's4').map((event) => event['clone']);
    assert.deepEqual(saved.sort(), ['one', 'two']);
    for (const { run: id } of clones) {
      const { mode } = (await (await fetch(`${clone.admin}/_clone/clock?run=${id}`)).json()) as { mode: string };
      assert.equal(mode, 'running');
    }
  });
});

describe('a clone that is not there', { skip: !canRecord() }, () => {
  test('costs one notice', async () => {
    const run = await runSuite('cjs', { MOLAR_CLONE_STRIPE_ADMIN_URL: 'http://127.0.0.1:9', MOLAR_CLONE_RUN: 'run-1' }, ['-g', 'no browser']);
    assert.equal(run.code, 0, run.output);
    assert.deepEqual(run.trace('no browser').of('capture.notice').map(({ code }) => code), ['clone.unreachable']);
  });
});
