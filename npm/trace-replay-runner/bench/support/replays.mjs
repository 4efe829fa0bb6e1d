/** Records suites, and replays tests of them with the real runner. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ReplaySource, TraceReader } from '@molar/trace-node';
import { hold } from '../../dist/index.js';

/** Root of the repository. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..');
const CLI = join(dirname(createRequire(import.meta.url).resolve('@playwright/test/package.json')), 'cli.js');
/** A guard against a runner that hangs, not a measure. */
const LIMIT_MS = 300_000;

/** A folder that goes when the bench does. */
export function temporary(prefix) {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs Playwright; what its tests come to is no concern here. Resolves with how long it took, in milliseconds. */
export async function playwright(suite, args, env) {
  const begun_ms = performance.now();
  const child = spawn(process.execPath, [CLI, 'test', ...args], { cwd: suite, stdio: 'ignore', env: { ...process.env, MOLAR_TRACE_MAX_OVERHEAD: '1', ...env } });
  await new Promise((ended) => child.once('close', ended));
  return performance.now() - begun_ms;
}

/** Records one suite, or the specs of it that are named, below `dir`, and lists its traces. */
export async function record(suite, config, dir, env, specs = []) {
  await playwright(suite, [...specs, '--config', config, '--output', join(dir, 'results')], { MOLAR_TRACE_DIR: dir, ...env });
  const names = readdirSync(join(dir, 'traces'), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('summary.json')).map((name) => dirname(join(dir, 'traces', name)));
}

export const summaryOf = (trace) => JSON.parse(readFileSync(join(trace, 'summary.json'), 'utf8'));
export const titleOf = (trace) => summaryOf(trace).scenario?.title ?? trace;
export const eventsOf = (trace) => TraceReader.open(trace).events();

/** What a replay of a trace would do; `undefined` for a test without steps, which has nothing to begin at. */
export function planOf(trace, dir) {
  try {
    return JSON.parse(ReplaySource.open({ directory: trace, blobs: dir, fromStep: 1, wholeRun: true }).plan());
  } catch {
    return undefined;
  }
}

/**
 * Replays `trace`, recorded below `dir`, from step `index`. Resolves with the outcome, the counts of its network, and the last line of the worker's
 * progress that has details.
 */
export async function replay({ trace, suite, config, dir, env = {}, index, strategy = 'fast-forward', mode = 'recorded', more = [], out }) {
  const key = join(dir, 'vault.key');
  const args = ['--json', 'run', '--trace', trace, '--from-step', `${index}`, '--suite', suite, '--config', config, '--strategy', strategy, '--app-mode', mode, '--out', out, ...more];
  if (!more.includes('--clone')) args.push('--without-clones');
  if (existsSync(key)) args.push('--vault-key', key);
  for (const [name, value] of Object.entries(env)) args.push('--env', `${name}=${value}`);
  const options = { encoding: 'utf8', timeout: LIMIT_MS, maxBuffer: 1 << 28, env: { ...process.env, MOLAR_TRACE_MAX_OVERHEAD: '1' } };
  // Its exit code says what the outcome says.
  const ran = await new Promise((ended) => execFile(process.env.MOLAR_REPLAY_RUNNER_BIN ?? 'replay-runner', args, options, (_, stdout, stderr) => ended({ stdout, stderr })));
  const lines = ran.stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  const detail = lines.findLast((line) => line.detail?.network)?.detail ?? {};
  return { outcome: lines.at(-1)?.outcome ?? { state: 'none', message: ran.stderr.slice(-500) }, network: detail.network ?? {}, detail };
}

/** Replays once and then again as often as said, in what the first time prepared. Resolves with the outcomes of those further times. */
export async function replayAgain({ trace, suite, config, dir, env = {}, index, strategy = 'fast-forward', mode = 'recorded', edits, clones, out }, times) {
  const key = join(dir, 'vault.key');
  const held = hold({
    trace, suite, config, env: { ...env, MOLAR_TRACE_MAX_OVERHEAD: '1' }, fromStep: index, strategy, appMode: mode, out,
    ...(existsSync(key) ? { vaultKey: key } : {}), ...(edits ? { edits } : {}), ...(clones ? { clones } : { withoutClones: true }),
  });
  try {
    await held.first;
    const outcomes = [];
    for (let n = 0; n < times; n++) outcomes.push(await held.run());
    return outcomes;
  } finally {
    await held.end();
  }
}

/** Does all the jobs, some at a time: a replay mostly waits for one process after the other. */
export async function each(all, atOnce, work) {
  const waiting = [...all];
  const lane = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) await work(job);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
