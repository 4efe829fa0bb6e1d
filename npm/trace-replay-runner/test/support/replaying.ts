import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const HERE = dirname(fileURLToPath(import.meta.url));
const PACKAGE = join(HERE, '..', '..');
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** A guard against a runner that hangs, not a measure. */
const LIMIT_MS = 300_000;

/** One event of a trace. */
export interface Event {
  readonly ts: number;
  readonly seq: number;
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** A recorded test. */
export interface Trace {
  readonly title: string;
  readonly dir: string;
  readonly root: string;
  readonly events: readonly Event[];
  of(kind: string): readonly Event[];
}

/** A suite that has run. */
export interface Run {
  readonly code: number;
  readonly output: string;
  readonly traces: readonly Trace[];
}

/** One line of a replay's progress. */
export interface Line {
  readonly at_ms: number;
  readonly state: string;
  readonly step?: number;
  readonly code?: string;
  readonly message?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** A replay that has run. */
export interface Replayed extends Run {
  readonly progress: readonly Line[];
  readonly last: Line;
  readonly trace: Trace;
}

/** How a test is replayed. */
export interface Wanted {
  readonly trace: Trace;
  readonly from_step: number;
  readonly strategy?: string;
  readonly app_mode?: string;
  readonly app_origins: readonly string[];
  readonly server_fast_forward?: boolean;
  readonly stall_ms?: number;
  /** Another than the recorder's own; `null` for none. */
  readonly vault_key?: string | null;
  /** Keeps the browser at the step; called with what is told of it, and let go when that is over. */
  readonly whileHeld?: (line: Line) => Promise<void>;
}

interface Reader {
  readonly TraceReader: { open(path: string): { events(): Event[] } };
}

/** Runs the suite of this package's fixtures, recorded below a new directory. */
export async function runPages(env: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<Run> {
  const dir = temporary();
  const root = join(dir, 'molar');
  const cli = join(dirname(require.resolve('@playwright/test/package.json')), 'cli.js');
  const { code, output } = await ended([cli, 'test', ...args, '--output', join(dir, 'results')], { ...env, MOLAR_TRACE_DIR: root });
  return { code, output, traces: traceDirs(root).map((at) => readTrace(at, root)) };
}

/** Replays one test of it with an order written by hand. */
export async function replayPages(wanted: Wanted, env: Readonly<Record<string, string>>): Promise<Replayed> {
  const dir = temporary();
  const progress = join(dir, 'progress.ndjson');
  const order = join(dir, 'order.json');
  const { trace, from_step, strategy = 'fast-forward', app_mode = 'recorded', app_origins, whileHeld, server_fast_forward = false, stall_ms = null, vault_key = join(trace.root, 'vault.key') } = wanted;
  const release = join(dir, 'release');
  writeFileSync(progress, '');
  writeFileSync(order, JSON.stringify({
    version: 1, replay_id: 'r-test', trace: trace.dir, blobs: trace.root, from_step, strategy, app_mode, is_on_record: app_mode === 'recorded', app_origins, passthrough: [],
    vault_key, guest: join(PACKAGE, 'dist', 'guest.cjs'), progress, server_fast_forward, stall_ms, hold: whileHeld ? { headless: true, release } : null,
  }));
  const told = (): Line[] => readFileSync(progress, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
  const running = runPages({ ...env, MOLAR_REPLAY_ORDER: order }, ['-g', `${trace.title}$`]);
  if (whileHeld) {
    const isOver = running.then(() => true);
    let held: Line | undefined;
    while (!(held ??= told().find(({ state }) => state === 'held')) && !(await Promise.race([isOver, pause()])));
    await (held ? whileHeld(held) : undefined)?.finally(() => writeFileSync(release, ''));
  }
  const run = await running;
  const lines = told();
  const [replayed] = run.traces;
  const last = lines.at(-1);
  if (!replayed || !last) throw new Error(`the replay of \`${trace.title}\` left ${run.traces.length} traces and ${lines.length} lines:\n${run.output}`);
  return { ...run, progress: lines, last, trace: replayed };
}

async function pause(): Promise<false> {
  return await new Promise((resolve) => setTimeout(() => resolve(false), 50));
}

const temporaries: string[] = [];

function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'molar-replay-'));
  if (temporaries.push(dir) === 1) process.once('exit', () => temporaries.forEach((one) => rmSync(one, { recursive: true, force: true })));
  return dir;
}

async function ended(args: readonly string[], env: Readonly<Record<string, string>>): Promise<{ code: number; output: string }> {
  const { MOLAR_TRACE_RUN_ID: _run, ...inherited } = process.env;
  const cwd = join(PACKAGE, 'test', 'fixtures', 'pages');
  const child = spawn(process.execPath, args, { cwd, env: { ...inherited, FORCE_COLOR: '0', ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS, killSignal: 'SIGKILL' });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()));
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? -1)));
  return { code, output };
}

function traceDirs(root: string): string[] {
  const runs = join(root, 'traces', 'runs');
  if (!existsSync(runs)) return [];
  return readdirSync(runs, { recursive: true, encoding: 'utf8' }).filter((entry) => UUID.test(entry.split(/[\\/]/).at(-1) ?? '')).map((entry) => join(runs, entry));
}

function readTrace(dir: string, root: string): Trace {
  const events = (require('@molar/trace-node') as Reader).TraceReader.open(dir).events();
  const start = events.find(({ kind }) => kind === 'run.start') as unknown as { scenario: { title: string } } | undefined;
  return { title: start?.scenario.title ?? '', dir, root, events, of: (kind) => events.filter((event) => event.kind === kind) };
}
