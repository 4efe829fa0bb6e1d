/**
 * Whether a replay names what came out otherwise. Fifty small apps are recorded; each is then replayed against its running server twice: as it was,
 * and with one nondeterminism let loose. The first divergence has to be the request that it touched, and must not be told of the replay without it.
 */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PLANTS } from './leaks/plants.mjs';
import { pathOf, startLeaks } from './leaks/server.mjs';
import { ROOT, each, eventsOf, record, replay, temporary, titleOf } from './support/replays.mjs';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    /** Names of plants, by commas; all when absent. */
    only: { type: 'string' },
    'at-once': { type: 'string', default: '2' },
    show: { type: 'boolean', default: false },
  },
});
const folder = temporary('molar-leaks-');
// In a place of its own, since a replay copies all of the repository that its suite is part of.
const suite = join(folder, 'suite');
cpSync(join(dirname(fileURLToPath(import.meta.url)), 'leaks'), suite, { recursive: true });
mkdirSync(join(suite, 'node_modules'));
for (const name of ['@playwright', '@molar', 'playwright', 'playwright-core', '.bin']) symlinkSync(join(ROOT, 'node_modules', name), join(suite, 'node_modules', name));

const config = 'playwright.config.mjs';
const dir = join(folder, 'recorded');
const apps = await startLeaks();
const env = { LEAKS_URL: apps.url };
for (const plant of PLANTS) apps.begin(plant, false);
const traces = new Map((await record(suite, config, dir, env)).map((trace) => [titleOf(trace), trace]));

/** The events of a trace that a plant touches. */
function touchedIn(trace, plant) {
  const addresses = plant.touched.map((call) => `${pathOf(plant)}${call}`);
  const isTouched = ({ kind, url, direction }) => (kind === 'network.request' || (kind === 'network.ws' && direction === 'received')) && addresses.includes(url.slice(new URL(url).origin.length));
  return new Set(eventsOf(trace).filter(isTouched).map(({ seq }) => seq));
}

/** One replay: what its certificate names first, and whether that is what the plant touched. */
async function look(plant, trace, loose) {
  apps.begin(plant, loose);
  const { outcome } = await replay({ trace, suite, config, dir, env, index: plant.from, mode: 'live', out: join(folder, 'children') });
  const { first, varies } = outcome.certificate ?? {};
  const told = first ?? varies;
  if (!told) return { state: outcome.state, isNamed: false, what: outcome.certificate ? 'nothing' : `no certificate: ${outcome.code ?? ''} ${outcome.message ?? ''}` };
  const isNamed = told.recorded_seq === null ? touchedIn(outcome.child.directory, plant).has(told.replayed_seq) : touchedIn(trace, plant).has(told.recorded_seq);
  return { state: outcome.state, isNamed, what: `${told.channel} seq ${told.recorded_seq ?? '-'} → ${told.replayed_seq ?? '-'}: ${told.what}` };
}

const only = values.only?.split(',');
const named = new Map();
const missed = [];
const noisy = [];
const begun = Date.now();
await each(PLANTS.filter(({ name }) => only?.includes(name) ?? true), Number(values['at-once']), async (plant) => {
  const title = `${plant.kind}: ${plant.name}`;
  const trace = traces.get(plant.name);
  if (!trace) return void missed.push(`${title}: was not recorded`);
  const still = await look(plant, trace, false);
  const loose = await look(plant, trace, true);
  if (still.what !== 'nothing') noisy.push(`${title}: ${still.what}`);
  const isFound = loose.isNamed && !still.isNamed;
  if (isFound) named.set(plant.kind, (named.get(plant.kind) ?? 0) + 1);
  else missed.push(`${title}: ${loose.what}${still.isNamed ? ' (told without it too)' : ''}`);
  if (values.show) process.stderr.write(`${isFound ? 'named ' : 'MISSED'} ${title}\n  as it was: ${still.state}, ${still.what}\n  let loose: ${loose.state}, ${loose.what}\n`);
});
await apps.stop();

const count = [...named.values()].reduce((sum, n) => sum + n, 0);
const figures = [
  { name: 'planted nondeterminisms named at the event that they touch', value: count, unit: '', target: `= ${PLANTS.length}`, sides: { of: count + missed.length, ...Object.fromEntries(named), minutes: Number(((Date.now() - begun) / 60_000).toFixed(1)), ...(missed.length ? { missed } : {}) } },
  { name: 'replays without one that name anything', value: noisy.length, unit: '', target: '= 0', sides: noisy.length ? { noisy } : {} },
];
console.log(JSON.stringify({ bench: 'replay-leaks', figures }));
