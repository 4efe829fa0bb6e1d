import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
/** Where the suites are. */
export const FIXTURES: string = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'test', 'fixtures');
// A guard against a runner that hangs, not a measure: on a machine that does other things a suite takes many times as long.
const LIMIT_MS = 900_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** For claims about what is recorded: what comes late is given up after a bound, and how late it is depends on what else the machine does. */
export const PATIENT: Readonly<Record<string, string>> = { MOLAR_TRACE_DRAIN_MS: '40000' };

/** What is left out when a recorder costs too much depends on the machine of the moment; only tests of that ask for it. */
const UNGOVERNED: Readonly<Record<string, string>> = { MOLAR_TRACE_MAX_OVERHEAD: '1', MOLAR_TRACE_MAX_BYTES_PER_SECOND: '10000000000' };

/** One event as a reader gets it. */
export interface Event {
  readonly ts: number;
  readonly seq: number;
  readonly kind: string;
  readonly step_id?: string;
  readonly [field: string]: unknown;
}

/** One recorded attempt. */
export interface Trace {
  readonly title: string;
  readonly retry: number;
  readonly dir: string;
  readonly events: readonly Event[];
  of(kind: string): readonly Event[];
}

/** A finished run of a suite. */
export interface SuiteRun {
  readonly code: number;
  readonly output: string;
  readonly traces: readonly Trace[];
  /** The trace of a test, by its title and attempt. */
  trace(title: string, retry?: number): Trace;
}

/** What runs a suite, and where. */
export interface Runner {
  readonly program: string;
  readonly cli: string;
  readonly cwd: string;
}

/** A run of a suite that is under way. */
export interface Running {
  readonly pid: number;
  /** Where its traces are. */
  readonly root: string;
  readonly done: Promise<SuiteRun>;
}

/** Runs a suite of `test/fixtures` with the real runner, and reads back what it recorded. */
export async function runSuite(name: string, env: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Promise<SuiteRun> {
  return await startSuite(name, env, args).done;
}

/** The same with a runner of one's own. */
export async function runSuiteWith(runner: Runner, env: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Promise<SuiteRun> {
  return await startSuiteWith(runner, env, args).done;
}

/** Starts a suite without waiting for its end. */
export function startSuite(name: string, env: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Running {
  const cli = join(dirname(require.resolve('@playwright/test/package.json')), 'cli.js');
  return startSuiteWith({ program: process.execPath, cli, cwd: join(FIXTURES, name) }, env, args);
}

function startSuiteWith(runner: Runner, env: Readonly<Record<string, string>>, args: readonly string[]): Running {
  const dir = mkdtempSync(join(tmpdir(), 'molar-suite-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const root = env['MOLAR_TRACE_DIR'] ?? join(dir, 'molar');
  const child = start(runner, ['test', ...args, '--output', join(dir, 'results')], { ...env, MOLAR_TRACE_DIR: root });
  return { pid: child.pid ?? -1, root, done: endOf(child, root) };
}

async function endOf(child: ChildProcessByStdio<null, Readable, Readable>, root: string): Promise<SuiteRun> {
  let output = '';
  child.stdout.on('data', (part: Buffer) => (output += part.toString()));
  child.stderr.on('data', (part: Buffer) => (output += part.toString()));
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? -1)));
  const traces = readTraces(root);
  return {
    code,
    output,
    traces,
    trace: (title, retry = 0) => {
      const found = traces.find((trace) => trace.title === title && trace.retry === retry);
      if (!found) throw new Error(`no trace of \`${title}\` (attempt ${retry}); there are: ${traces.map((trace) => trace.title).join(', ')}\n${output}`);
      return found;
    },
  };
}

/** Every trace below a directory, finished or not. */
export function readTraces(root: string): readonly Trace[] {
  return traceDirs(root).map(readTrace);
}

function start({ program, cli, cwd }: Runner, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcessByStdio<null, Readable, Readable> {
  const { MOLAR_TRACE_RUN_ID: _run, ...inherited } = process.env;
  return spawn(program, [cli, ...args], { cwd, env: { ...inherited, FORCE_COLOR: '0', ...UNGOVERNED, ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS, killSignal: 'SIGKILL' });
}

function traceDirs(root: string): string[] {
  const runs = join(root, 'traces', 'runs');
  let entries: string[];
  try {
    entries = readdirSync(runs, { recursive: true, encoding: 'utf8' });
  } catch {
    // Nothing was recorded, which some suites here are about.
    return [];
  }
  return entries.filter((entry) => UUID.test(entry.split(/[\\/]/).at(-1) ?? '')).map((entry) => join(runs, entry));
}

interface Reader {
  readonly TraceReader: { open(path: string): { events(): Event[] } };
}

function readTrace(dir: string): Trace {
  const events = (require('@molar/trace-node') as Reader).TraceReader.open(dir).events();
  // A trace that is shipped while it is recorded keeps only what the server does not have, often without the beginning.
  const start = events.find(({ kind }) => kind === 'run.start') as unknown as { scenario: { title: string }; retry: number } | undefined;
  return { title: start?.scenario.title ?? '', retry: start?.retry ?? 0, dir, events, of: (kind) => events.filter((event) => event.kind === kind) };
}

/** Whether the native addon can be loaded; what needs it is skipped loudly where it was not built. */
export function canRecord(): boolean {
  try {
    require('@molar/trace-node');
    return true;
  } catch {
    process.stderr.write('\nWARNING: @molar/trace-node is not built, so the capture tests are skipped. Run `npm run build -w @molar/trace-node`.\n\n');
    return false;
  }
}

interface VaultReader {
  readVault(dir: string, keyFile: string): { id: string; json: string }[];
}

/** What a field `secret` refers to, opened with the key that a local store keeps for itself. */
export function secretOf(trace: Trace, id: string): unknown {
  const root = trace.dir.slice(0, trace.dir.lastIndexOf(join('traces', 'runs')));
  const found = (require('@molar/trace-node') as VaultReader).readVault(trace.dir, join(root, 'vault.key')).find((entry) => entry.id === id);
  if (found === undefined) throw new Error(`the vault of \`${trace.title}\` has no \`${id}\``);
  return JSON.parse(found.json) as unknown;
}

/** The content of a field, inline or not, as text. Blobs are looked up in the store beside the traces. */
export function contentOf(event: Event, field: string): { size: number; text?: string; base64?: string; blob?: string; truncated?: number } | undefined {
  return event[field] as { size: number; text?: string; base64?: string; blob?: string; truncated?: number } | undefined;
}

interface ReportStep {
  readonly title: string;
  readonly steps?: readonly ReportStep[];
}

interface ReportSuite {
  readonly suites?: readonly ReportSuite[];
  readonly specs?: readonly { readonly title: string; readonly tests: readonly { readonly status: string; readonly results: readonly { readonly status: string; readonly steps?: readonly ReportStep[]; readonly attachments: readonly { readonly name: string }[]; readonly error?: { readonly message: string; readonly stack?: string } }[] }[] }[];
}

/** What a reporter saw of a run made with `MOLAR_TEST_REPORT`: verdicts, errors, steps and attachments, without what differs between any two runs. */
export function verdictsOf(file: string): readonly string[] {
  const collect = ({ suites = [], specs = [] }: ReportSuite): string[] => [
    ...specs.flatMap(({ title, tests }) => tests.flatMap(({ status, results }) => results.map((result) => JSON.stringify([title, status, result.status, result.attachments.map(({ name }) => name), stepsOf(result.steps), errorOf(result.error)])))),
    ...suites.flatMap(collect),
  ];
  return collect(JSON.parse(readFileSync(file, 'utf8')) as ReportSuite).sort();
}

function stepsOf(steps: readonly ReportStep[] = []): unknown {
  return steps.map(({ title, steps: inner }) => [title, stepsOf(inner)]);
}

/** Without call logs, ports and durations. */
function errorOf(error: { readonly message: string; readonly stack?: string } | undefined): unknown {
  const frames = error?.stack?.split('\n').filter((line) => line.startsWith('    at '));
  return [error?.message.split('Call log:')[0]?.replace(/:\d{4,5}\b/g, '').replace(/timeout of \d+ms/, 'timeout'), frames];
}
