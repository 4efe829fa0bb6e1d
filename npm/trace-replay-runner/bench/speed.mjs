/**
 * What a replay takes. Small apps and a test of thirty seconds are recorded and replayed from their last step, with `restore` and with `fast-forward`;
 * the shop's test that fails is replayed from its failed step with its fix and run as a whole, in turns; requests are looked up in a record of many.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildShop } from '../../trace-capture/bench/shop.mjs';
import { startApps } from './apps/server.mjs';
import { matcher } from './speed/matcher.mjs';
import { startClone } from './speed/clone.mjs';
import { ROOT, planOf, playwright, record, replay, replayAgain, temporary, titleOf } from './support/replays.mjs';

const PARTS = ['matcher', 'apps', 'shop'];
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    /** A pattern of the titles of the apps' tests; all when absent. */
    tests: { type: 'string' },
    show: { type: 'boolean', default: false },
  },
});
if (values.only !== undefined && !PARTS.includes(values.only)) throw new Error(`--only knows ${PARTS.join(', ')}, not \`${values.only}\``);
const rounds = Number(values.rounds);
const here = dirname(fileURLToPath(import.meta.url));
const folder = temporary('molar-speed-');
const figures = [];

const at = (numbers, share) => {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
};
/** A figure; a side of which no replay came out as wanted has none, and must not look like a good one. */
function round(number, digits = 1) {
  if (!Number.isFinite(number)) throw new Error('no replay came out as wanted, so there is nothing to measure; --show tells how they came out');
  return Number(number.toFixed(digits));
}
const times = async (count, work) => {
  const all = [];
  for (let n = 0; n < count; n++) all.push(await work(n));
  return all;
};
const show = (text) => values.show && process.stderr.write(`${text}\n`);

/** A replay that has to come out as wanted, since the time of one that did not says nothing. */
async function replayed(job, state) {
  const ran = await replay({ ...job, out: join(folder, 'children') });
  const { outcome } = ran;
  show(`${job.title} from step ${job.index} by ${job.strategy}: ${outcome.state} ${outcome.code ?? ''} ${JSON.stringify(outcome.timings_ms)}`);
  return outcome.state === state ? ran : undefined;
}

/** What further runs take that are asked of a replay which keeps what it prepared; those that came out otherwise are left out. */
async function prepared(job) {
  const outcomes = await replayAgain({ ...job, out: join(folder, 'children') }, rounds);
  for (const outcome of outcomes) show(`${job.title} from step ${job.index}, once more: ${outcome.state} ${outcome.code ?? ''} ${JSON.stringify(outcome.timings_ms)}`);
  return outcomes.filter(({ state }) => state === 'passed').map(({ timings_ms }) => timings_ms.total);
}

/** Small apps, and the long test. */
async function apps() {
  const [dir, states] = [join(folder, 'apps'), join(folder, 'states')];
  const [suite, config] = [here, 'speed.config.mjs'];
  const server = await startApps();
  const env = { APPS_URL: server.url };
  const titles = values.tests === undefined ? [] : ['-g', `(${values.tests}|thirty seconds)`];
  const traces = await record(suite, config, dir, { ...env, SPEED_STATES: states }, titles);
  await server.stop();
  const jobs = traces.flatMap((trace) => {
    const last = planOf(trace, dir)?.steps.at(-1)?.index ?? 0;
    const status = JSON.parse(readFileSync(join(trace, 'summary.json'), 'utf8')).status;
    return last > 1 && status === 'passed' ? [{ trace, suite, config, dir, env, index: last, title: titleOf(trace) }] : [];
  });
  const short = jobs.filter(({ title }) => title !== 'thirty seconds');
  const found = [];
  for (const job of short) {
    const { detail } = (await replayed({ ...job, strategy: 'restore' }, 'passed')) ?? {};
    // One that the check before its step sends to the other strategy has nothing to tell.
    if (detail?.skipped_calls) found.push(detail);
  }
  const calls = found.reduce((sum, detail) => sum + detail.skipped_calls, 0);
  const answer_ms = found.reduce((sum, detail) => sum + detail.answer_ms, 0);
  // Making the context and the page is part of it, which a replay does for real.
  const skip_ms = found.map((detail) => detail.skip_ms);
  const restore_ms = found.map((detail) => detail.restore_ms);
  const sides = { restored: found.length, of: short.length };
  figures.push({ name: 'skipped call, answered from the tape', value: round(calls ? answer_ms / calls : undefined, 3), unit: 'ms', target: '<= 1', sides: { calls, 'all skipped steps, p50 ms': round(at(skip_ms, 0.5), 0), ...sides } });
  figures.push({ name: 'putting a browser back until the first live action, p50', value: round(at(restore_ms, 0.5), 0), unit: 'ms', target: '<= 1000', sides });
  figures.push({ name: 'the same, p95', value: round(at(restore_ms, 0.95), 0), unit: 'ms', target: '<= 3000', sides });
  const stateMs = existsSync(states) ? readFileSync(states, 'utf8').trim().split('\n').map(Number) : [];
  figures.push({ name: "the browser's state after a boundary of a step, p95", value: round(at(stateMs, 0.95)), unit: 'ms', target: '<= 50', sides: { p50: round(at(stateMs, 0.5)), states: stateMs.length } });
  const long = jobs.find(({ title }) => title === 'thirty seconds');
  if (!long) throw new Error('the test of thirty seconds was not recorded as passed');
  const recorded_ms = JSON.parse(readFileSync(join(long.trace, 'summary.json'), 'utf8')).duration_ms;
  // The first warms caches up.
  const totals = (await times(rounds + 1, async () => await replayed({ ...long, strategy: 'fast-forward' }, 'passed'))).slice(1).flatMap((ran) => (ran ? [ran.outcome.timings_ms.total] : []));
  const again = await prepared({ ...long, strategy: 'fast-forward' });
  figures.push({ name: 'a test of 30 s replayed from its last step', value: round(at(totals, 0.5) / 1000, 2), unit: 's', target: '<= 4', sides: { 'recorded s': round(recorded_ms / 1000), replays: totals.length, of: rounds } });
  figures.push({ name: 'the same once more in what was prepared (`--hold`)', value: round(at(again, 0.5) / 1000, 2), unit: 's', target: '<= 4', sides: { replays: again.length, of: rounds } });
}

/** The shop's test that fails at its seventh step. */
async function shop() {
  buildShop();
  const [dir, suite, config] = [join(folder, 'shop'), join(ROOT, 'examples', 'shop'), 'playwright.config.ts'];
  const specs = ['tests/upgrade.spec.ts'];
  const [trace] = await record(suite, config, dir, {}, specs);
  if (!trace) throw new Error('the test that is to be replayed left no trace');
  const whole = async () => await playwright(suite, [...specs, '--config', config, '--output', join(folder, 'results')], { MOLAR_TRACE_DIR: join(folder, 'again') });
  const clone = await startClone();
  const [edits, clones] = [[join(suite, 'fix-webhook.patch')], { stripe: `${clone.admin},${clone.vendor}` }];
  const more = ['--edit', ...edits, '--clone', `stripe=${clones.stripe}`];
  const job = { trace, suite, config, dir, index: 7, title: 'upgrade', strategy: 'fast-forward', mode: 'hybrid' };
  const pairs = await times(rounds + 1, async () => {
    const ran = await replayed({ ...job, more }, 'passed');
    return { replay_ms: ran?.outcome.timings_ms.total, whole_ms: await whole() };
  });
  const again = await prepared({ ...job, edits, clones });
  await clone.stop();
  const counted = pairs.slice(1).filter(({ replay_ms }) => replay_ms !== undefined);
  const ratio = at(counted.map(({ replay_ms, whole_ms }) => replay_ms / whole_ms), 0.5);
  const median = (name) => round(at(counted.map((pair) => pair[name]), 0.5) / 1000, 2);
  figures.push({ name: "the shop's failed test from its failed step with its fix, against all of it", value: round(ratio, 2), unit: '×', target: '< 1', sides: { 'replay s': median('replay_ms'), 'whole test s': median('whole_ms'), replays: counted.length, of: rounds } });
  figures.push({ name: 'the same once more in what was prepared (`--hold`)', value: round(at(again, 0.5) / 1000, 2), unit: 's', target: '<= 4', sides: { replays: again.length, of: rounds } });
}

const wanted = (part) => values.only === undefined || values.only === part;
if (wanted('matcher')) figures.push(...(await matcher(join(folder, 'many'))));
if (wanted('apps')) await apps();
if (wanted('shop')) await shop();
console.log(JSON.stringify({ bench: 'replay-speed', figures }));
