import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { Event, SuiteRun } from '../capture/suite.js';
import { runSuite } from '../capture/suite.js';
import type { Row } from './server.js';
import { Server } from './server.js';

const BOUND_MS = 90_000;
const TITLES = ['afterwards', 'fails', 'in the middle'];

test('a trace is there while its test runs, and whole afterwards', async (t) => {
  const bench = await Bench.set(t);
  const run = bench.run(bench.server.env());
  await bench.reached();
  const [row] = await bench.server.list();
  assert.equal(row?.status, 'running');
  assert.equal(row.scenario_title, 'in the middle');
  const step = await bench.server.follow(row.id, (event) => event.kind === 'step.end', BOUND_MS);
  assert.ok(step.seq > 0);
  assert.equal((await bench.server.list())[0]?.status, 'running');
  bench.open();
  assertVerdict(await run);
  const rows = await bench.rowsWhen((all) => all.length === TITLES.length && all.every(({ status }) => status !== 'running' && status !== 'queued'));
  await bench.assertComplete(rows, { 'in the middle': 'passed', afterwards: 'passed', fails: 'failed' });
  assert.deepEqual(bench.left(), []);
});

test('a server that is killed changes no verdict, and loses nothing', async (t) => {
  const bench = await Bench.set(t);
  const running = bench.run(bench.server.env());
  await bench.reached();
  const [row] = await bench.server.list();
  await bench.server.follow(row?.id ?? '', (event) => event.kind === 'step.end', BOUND_MS);
  await bench.server.kill();
  bench.open();
  const run = await running;
  assertVerdict(run);
  assert.equal(bench.left().length, TITLES.length);
  assertTold(run, /3 traces are not on the server \(/);
  await bench.server.restart();
  const recovered = await bench.recover();
  assert.equal(recovered.code, 0, recovered.output);
  const rows = await bench.rowsWhen((all) => all.length === TITLES.length && all.every(({ status }) => status !== 'running' && status !== 'queued'));
  await bench.assertComplete(rows, { 'in the middle': 'passed', afterwards: 'passed', fails: 'failed' });
  assert.deepEqual(bench.left(), []);
});

test('a wrong key is told once and leaves the suite alone', async (t) => {
  const bench = await Bench.set(t);
  bench.open();
  const run = await bench.run({ ...bench.server.env(), MOLAR_TRACE_KEY: 'molar_sk_00000000_not_a_real_key' });
  assertVerdict(run);
  assertTold(run, /3 traces are not on the server \(.*key.*\); nothing is lost/);
  assert.deepEqual(await bench.server.list(), []);
  assert.equal(bench.left().length, TITLES.length);
  const recovered = await bench.recover();
  assert.equal(recovered.code, 0, recovered.output);
  const rows = await bench.rowsWhen((all) => all.length === TITLES.length && all.every(({ status }) => status !== 'running' && status !== 'queued'));
  await bench.assertComplete(rows, { 'in the middle': 'passed', afterwards: 'passed', fails: 'failed' });
});

function assertVerdict({ code, output }: SuiteRun): void {
  assert.equal(code, 1, output);
  assert.match(output, /1 failed/);
  assert.match(output, /2 passed/);
}

/** Trouble is told in one line of the whole run. */
function assertTold({ output }: SuiteRun, wanted: RegExp): void {
  const told = output.split('\n').filter((line) => line.startsWith('molar-trace:') && !line.includes('recorded'));
  assert.equal(told.length, 1, output);
  assert.match(told[0] ?? '', wanted);
}

/** A server, a folder for traces and the gates of the suite, for one test. */
class Bench {
  readonly server: Server;
  readonly #dir: string;

  private constructor(server: Server, dir: string) {
    this.server = server;
    this.#dir = dir;
  }

  static async set(t: TestContext): Promise<Bench> {
    const dir = mkdtempSync(join(tmpdir(), 'molar-shipping-'));
    const server = await Server.start();
    t.after(async () => {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    });
    return new Bench(server, dir);
  }

  async run(env: Readonly<Record<string, string>>): Promise<SuiteRun> {
    return await runSuite('live', { ...env, MOLAR_TRACE_DIR: this.#root, MOLAR_TEST_GATES: this.#dir });
  }

  /** The suite stands in the middle of its first test. */
  async reached(): Promise<void> {
    await until('the suite reaches the gate', () => existsSync(join(this.#dir, 'reached')));
    await until('the trace is registered', async () => (await this.server.list()).length > 0);
  }

  open(): void {
    writeFileSync(join(this.#dir, 'open'), '');
  }

  /** Directories of traces that are not, or not wholly, on the server. */
  left(): readonly string[] {
    const runs = join(this.#root, 'traces', 'runs');
    if (!existsSync(runs)) return [];
    return readdirSync(runs, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('recorder.json'));
  }

  async rowsWhen(ready: (rows: readonly Row[]) => boolean): Promise<readonly Row[]> {
    return await until('the traces are on the server', async () => {
      const rows = await this.server.list();
      return ready(rows) && rows;
    });
  }

  async recover(): Promise<{ code: number; output: string }> {
    const bin = join(dirname(createRequire(import.meta.url).resolve('@molar/trace-capture/package.json')), 'bin', 'molar-trace.mjs');
    const env = { ...process.env, ...this.server.env(), MOLAR_TRACE_DIR: this.#root };
    return await new Promise((resolve) => {
      execFile(process.execPath, [bin, 'recover'], { env, timeout: BOUND_MS }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr }));
    });
  }

  /** Every trace has its verdict and every seq from 1 on. */
  async assertComplete(rows: readonly Row[], verdicts: Readonly<Record<string, string>>): Promise<void> {
    assert.deepEqual(Object.fromEntries(rows.map((row) => [row.scenario_title, row.status])), verdicts);
    for (const row of rows) {
      const events: readonly Event[] = await this.server.events(row.id);
      assert.deepEqual(events.map(({ seq }) => seq), events.map((_, index) => index + 1), row.scenario_title);
      assert.deepEqual([events[0]?.kind, events.at(-1)?.kind], ['run.start', 'run.end']);
    }
  }

  get #root(): string {
    return join(this.#dir, 'molar');
  }
}

async function until<T>(what: string, check: () => T | Promise<T>): Promise<Exclude<T, false>> {
  for (const deadline = Date.now() + BOUND_MS; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const found = await check();
    if (found !== false) return found as Exclude<T, false>;
  }
  throw new Error(`waited in vain until ${what}`);
}
