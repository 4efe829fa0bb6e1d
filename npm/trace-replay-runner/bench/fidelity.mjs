/**
 * Whether replays are faithful. Small apps, and the shop with its simulator, are recorded; their servers are stopped; then every test is replayed
 * without edits from each of its steps, on the record alone. A replay is faithful when it comes out as the recorded test did. One replay is repeated,
 * to see whether it always comes out the same.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startApps } from './apps/server.mjs';
import { ROOT, each, planOf, record, replay as replayOf, summaryOf, temporary, titleOf } from './support/replays.mjs';

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
const folder = temporary('molar-fidelity-');

/** What is to be replayed: a trace, the suite it is of, and from which steps. */
function jobsOf(trace, suite, config, dir, env) {
  const steps = planOf(trace, dir)?.steps ?? [];
  return steps.map(({ index }) => ({ trace, suite, config, dir, env, index, status: summaryOf(trace).status, title: titleOf(trace) }));
}

const replay = async (job) => await replayOf({ ...job, strategy: values.strategy, out: join(folder, 'children') });
const atOnce = Number(values['at-once']);

/** The same verdict; a test that was recorded as failing has to fail, and not for want of an answer. */
const isFaithful = (job, { state }) => (job.status === 'passed' ? state === 'passed' : state === 'failed');

const apps = await startApps();
const appsDir = join(folder, 'apps');
const appsSuite = join(here, 'apps');
const traces = await record(appsSuite, 'playwright.config.mjs', appsDir, { APPS_URL: apps.url });
await apps.stop();
let jobs = traces.flatMap((trace) => jobsOf(trace, appsSuite, 'playwright.config.mjs', appsDir, { APPS_URL: apps.url }));
if (values.shop === 'on') {
  const [shopDir, shop] = [join(folder, 'shop'), join(ROOT, 'examples', 'shop')];
  const shopTraces = await record(shop, 'playwright.config.ts', shopDir, {});
  // The address tells the suite to start no server: the record is all there is.
  const shopJobs = shopTraces.flatMap((trace) => jobsOf(trace, shop, 'playwright.config.ts', shopDir, {}));
  jobs = [...jobs, ...shopJobs.map((job) => ({ ...job, env: { SHOP_URL: planOf(job.trace, shopDir).base_url } }))];
}
if (values.only) jobs = jobs.filter(({ title }) => title.includes(values.only));

const tally = { exact: 0, normalised: 0, scored: 0, missed: 0, passthrough: 0, live: 0 };
const unfaithful = [];
let wronglyIdentical = 0;
const [diverged, unreproduced] = [[], []];
const begin = Date.now();
await each(jobs, atOnce, async (job) => {
  const { outcome, network } = await replay(job);
  for (const name of Object.keys(tally)) tally[name] += network[name] ?? 0;
  const faithful = isFaithful(job, outcome);
  if (!faithful) unfaithful.push(`${job.title} from step ${job.index}: ${job.status} became ${outcome.state} ${outcome.code ?? ''} ${(outcome.message ?? '').slice(0, 300)}`);
  if (!faithful && outcome.certificate?.grade === 'identical') wronglyIdentical += 1;
  const { grade, first, reproduced } = outcome.certificate ?? {};
  if (faithful && grade === 'diverged') diverged.push(`${job.title} from step ${job.index}: ${first?.what ?? 'nothing'}`);
  if (faithful && !reproduced) unreproduced.push(`${job.title} from step ${job.index}`);
  if (values.show) process.stderr.write(`${faithful ? 'same' : 'OTHER'} ${job.title} from step ${job.index}: ${outcome.state} ${outcome.code ?? ''} ${grade ?? 'uncertified'} ${grade === 'diverged' ? first?.what : ''} ${outcome.timings_ms?.total ?? ''} ms ${JSON.stringify(network)}\n`);
});
const seconds = (Date.now() - begin) / 1000;

/** Verdicts and certificates of repeats of the first test that has several steps. */
const repeated = jobs.filter(({ index }) => index > 1)[0];
const seen = new Map();
await each(repeated ? Array.from({ length: Number(values.repeats) }, () => repeated) : [], atOnce, async (job) => {
  const { outcome } = await replay(job);
  const { reproduced, grade, channels, first } = outcome.certificate ?? {};
  const key = JSON.stringify([outcome.state, outcome.code, reproduced, grade, channels?.map(({ channel, identical, equivalent, diverged }) => [channel, identical, equivalent, diverged]), first?.recorded_seq, first?.what]);
  seen.set(key, (seen.get(key) ?? 0) + 1);
});
const most = Math.max(0, ...seen.values());

const asked = tally.exact + tally.normalised + tally.scored + tally.missed;
const share = (part, whole) => (whole === 0 ? 1 : Number((part / whole).toFixed(4)));
const figures = [
  {
    name: `replays (${values.strategy}) that come out as recorded`, value: share(jobs.length - unfaithful.length, jobs.length), unit: '', target: '>= 0.99',
    sides: { faithful: jobs.length - unfaithful.length, replays: jobs.length, traces: new Set(jobs.map(({ trace }) => trace)).size, 'seconds a replay': Number(((seconds * atOnce) / Math.max(1, jobs.length)).toFixed(1)), ...(unfaithful.length ? { unfaithful } : {}) },
  },
  { name: 'unfaithful replays called identical', value: wronglyIdentical, unit: '', target: '= 0', sides: {} },
  { name: 'faithful replays whose certificate names a divergence', value: diverged.length, unit: '', target: '= 0', sides: diverged.length ? { diverged } : {} },
  { name: 'faithful replays not called reproduced', value: unreproduced.length, unit: '', target: '= 0', sides: unreproduced.length ? { unreproduced } : {} },
  { name: 'requests answered exactly or normalised', value: share(tally.exact + tally.normalised, asked), unit: '', target: '>= 0.99', sides: tally },
  { name: 'requests that left for a network unasked', value: tally.passthrough + tally.live, unit: '', target: '= 0', sides: {} },
  { name: `${values.repeats} repeats of one replay that agree`, value: share(most, Number(values.repeats)), unit: '', target: '>= 0.995', sides: { of: repeated?.title ?? 'none', outcomes: Object.fromEntries(seen) } },
];
console.log(JSON.stringify({ bench: 'replay-fidelity', figures }));
