/**
 * Whether replays are faithful. Small apps, and the shop with its simulator, are recorded; their servers are stopped; then every test is replayed
 * without edits from each of its steps, on the record alone. A replay is faithful when it comes out as the recorded test did. One replay is repeated,
 * to see whether it always comes out the same.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ReplaySource } from '@molar/trace-node';
import { startApps } from './apps/server.mjs';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    strategy: { type: 'string', default: 'fast-forward' },
    repeats: { type: 'string', default: '20' },
    shop: { type: 'string', default: 'on' },
    'at-once': { type: 'string', default: '2' },
    show: { type: 'boolean', default: false },
  },
});
const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..', '..');
const cli = join(dirname(createRequire(import.meta.url).resolve('@playwright/test/package.json')), 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'molar-fidelity-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Records one suite; what its tests come to is no concern here. */
async function record(suite, config, dir, env) {
  const child = spawn(process.execPath, [cli, 'test', '--config', config, '--output', join(folder, 'results')], {
    cwd: suite, stdio: 'ignore', env: { ...process.env, MOLAR_TRACE_DIR: dir, MOLAR_TRACE_MAX_OVERHEAD: '1', ...env },
  });
  await new Promise((ended) => child.once('close', ended));
  return readdirSync(join(dir, 'traces'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('summary.json')).map((name) => dirname(join(dir, 'traces', name)));
}

/** What is to be replayed: a trace, the suite it is of, and from which steps. */
function jobsOf(trace, suite, config, dir, env) {
  const summary = JSON.parse(readFileSync(join(trace, 'summary.json'), 'utf8'));
  let steps;
  try {
    ({ steps } = JSON.parse(ReplaySource.open({ directory: trace, blobs: dir, fromStep: 1, wholeRun: true }).plan()));
  } catch {
    return []; // A test without steps has nothing to begin at.
  }
  return steps.map(({ index }) => ({ trace, suite, config, dir, env, index, status: summary.status, title: summary.scenario?.title ?? trace }));
}

async function replay({ trace, suite, config, dir, env, index }) {
  const key = join(dir, 'vault.key');
  const args = ['--json', 'run', '--trace', trace, '--from-step', `${index}`, '--suite', suite, '--config', config, '--strategy', values.strategy, '--app-mode', 'recorded', '--without-clones', '--out', join(folder, 'children')];
  if (existsSync(key)) args.push('--vault-key', key);
  for (const [name, value] of Object.entries(env)) args.push('--env', `${name}=${value}`);
  const options = { encoding: 'utf8', timeout: 180_000, maxBuffer: 1 << 28, env: { ...process.env, MOLAR_TRACE_MAX_OVERHEAD: '1' } };
  // Its exit code says what the outcome says.
  const ran = await new Promise((ended) => execFile(process.env.MOLAR_REPLAY_RUNNER_BIN ?? 'replay-runner', args, options, (_, stdout, stderr) => ended({ stdout, stderr })));
  const lines = ran.stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  const network = lines.findLast(({ detail }) => detail?.network)?.detail.network ?? {};
  return { outcome: lines.at(-1)?.outcome ?? { state: 'none', message: ran.stderr.slice(-500) }, network };
}

/** Does all the jobs, some at a time: a replay mostly waits for one process after the other. */
async function each(all, work) {
  const waiting = [...all];
  const lane = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) await work(job);
  };
  await Promise.all(Array.from({ length: Number(values['at-once']) }, lane));
}

/** The same verdict; a test that was recorded as failing has to fail, and not for want of an answer. */
const isFaithful = (job, { state }) => (job.status === 'passed' ? state === 'passed' : state === 'failed');

const apps = await startApps();
const appsDir = join(folder, 'apps');
const appsSuite = join(here, 'apps');
const traces = await record(appsSuite, 'playwright.config.mjs', appsDir, { APPS_URL: apps.url });
await apps.stop();
let jobs = traces.flatMap((trace) => jobsOf(trace, appsSuite, 'playwright.config.mjs', appsDir, { APPS_URL: apps.url }));
if (values.shop === 'on') {
  const [shopDir, shop] = [join(folder, 'shop'), join(root, 'examples', 'shop')];
  const shopTraces = await record(shop, 'playwright.config.ts', shopDir, {});
  // The address tells the suite to start no server: the record is all there is.
  const baseUrl = (trace) => JSON.parse(ReplaySource.open({ directory: trace, blobs: shopDir, fromStep: 1, wholeRun: true }).plan()).base_url;
  const shopJobs = shopTraces.flatMap((trace) => jobsOf(trace, shop, 'playwright.config.ts', shopDir, {}));
  jobs = [...jobs, ...shopJobs.map((job) => ({ ...job, env: { SHOP_URL: baseUrl(job.trace), MOLAR_CLONE_STRIPE_URL: 'http://127.0.0.1:9/t/none' } }))];
}
if (values.only) jobs = jobs.filter(({ title }) => title.includes(values.only));

const tally = { exact: 0, normalised: 0, scored: 0, missed: 0, passthrough: 0, live: 0 };
const unfaithful = [];
let wronglyIdentical = 0;
const begin = Date.now();
await each(jobs, async (job) => {
  const { outcome, network } = await replay(job);
  for (const name of Object.keys(tally)) tally[name] += network[name] ?? 0;
  const faithful = isFaithful(job, outcome);
  if (!faithful) unfaithful.push(`${job.title} from step ${job.index}: ${job.status} became ${outcome.state} ${outcome.code ?? ''} ${(outcome.message ?? '').slice(0, 300)}`);
  if (!faithful && outcome.certificate?.grade === 'identical') wronglyIdentical += 1;
  if (values.show) process.stderr.write(`${faithful ? 'same' : 'OTHER'} ${job.title} from step ${job.index}: ${outcome.state} ${outcome.code ?? ''} ${outcome.timings_ms?.total ?? ''} ms ${JSON.stringify(network)}\n`);
});
const seconds = (Date.now() - begin) / 1000;

/** Verdicts and certificates of repeats of the first test that has several steps. */
const repeated = jobs.filter(({ index }) => index > 1)[0];
const seen = new Map();
await each(repeated ? Array.from({ length: Number(values.repeats) }, () => repeated) : [], async (job) => {
  const { outcome } = await replay(job);
  const { reproduced, grade, channels } = outcome.certificate ?? {};
  const key = JSON.stringify([outcome.state, outcome.code, reproduced, grade, channels?.map(({ channel, identical, equivalent, diverged }) => [channel, identical, equivalent, diverged])]);
  seen.set(key, (seen.get(key) ?? 0) + 1);
});
const most = Math.max(0, ...seen.values());

const asked = tally.exact + tally.normalised + tally.scored + tally.missed;
const share = (part, whole) => (whole === 0 ? 1 : Number((part / whole).toFixed(4)));
const figures = [
  {
    name: `replays (${values.strategy}) that come out as recorded`, value: share(jobs.length - unfaithful.length, jobs.length), unit: '', target: '>= 0.99',
    sides: { faithful: jobs.length - unfaithful.length, replays: jobs.length, traces: new Set(jobs.map(({ trace }) => trace)).size, 'seconds a replay': Number(((seconds * Number(values['at-once'])) / Math.max(1, jobs.length)).toFixed(1)), ...(unfaithful.length ? { unfaithful } : {}) },
  },
  { name: 'unfaithful replays called identical', value: wronglyIdentical, unit: '', target: '= 0', sides: {} },
  { name: 'requests answered exactly or normalised', value: share(tally.exact + tally.normalised, asked), unit: '', target: '>= 0.99', sides: tally },
  { name: 'requests that left for a network unasked', value: tally.passthrough + tally.live, unit: '', target: '= 0', sides: {} },
  { name: `${values.repeats} repeats of one replay that agree`, value: share(most, Number(values.repeats)), unit: '', target: '>= 0.995', sides: { of: repeated?.title ?? 'none', outcomes: Object.fromEntries(seen) } },
];
console.log(JSON.stringify({ bench: 'replay-fidelity', figures }));
