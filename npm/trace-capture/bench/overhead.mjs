/**
 * What recording costs a suite. Four sides take turns in every round: without a recorder, ours without Playwright's zip, Playwright's own
 * `trace: 'on'`, and ours with the zip. A ratio is the median of the ratios of each round, so that a slow minute of the machine hits both sides.
 * Beside the wall time stands the processor time of all processes, which says what is spent where a second core hides it.
 *
 * Two suites: the dense one acts without a pause on a page of 600 rows, which is the hardest case there is; the shop's own tests, a real
 * application with a server and waits, are nearer to what people have. Both with one worker, which is Playwright's choice on two cores.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { costOf } from './cost.mjs';
import { buildShop, startShop } from './shop.mjs';
import { startSite } from './site.mjs';

const PARTS = ['dense', 'shop', 'storm'];
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    /** One part; all when absent. */
    only: { type: 'string' },
    /** No round begins after so many minutes, shared by the suites; the first one always does. */
    minutes: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
if (values.only !== undefined && !PARTS.includes(values.only)) throw new Error(`--only knows ${PARTS.join(', ')}, not \`${values.only}\``);
const nRounds = Number(values.rounds);
const parts = PARTS.filter((part) => values.only === undefined || values.only === part);
const here = dirname(fileURLToPath(import.meta.url));
const cli = join(dirname(createRequire(import.meta.url).resolve('@playwright/test/package.json')), 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'molar-bench-'));
const SIDES = ['bare', 'recorded', 'playwright', 'recorded-zip'];
const RUN_MS = 300_000;
const minutesPerSuite = Number(values.minutes) / parts.filter((part) => part !== 'storm').length;

/** Runs one suite on one side with the real runner. */
async function run(side, config, env) {
  const root = join(folder, 'traces');
  const args = [cli, 'test', '--config', join(here, 'suite', config), '--output', join(folder, 'results')];
  try {
    return await costOf(args, { ...process.env, ...env, BENCH_SIDE: side, MOLAR_TRACE_DIR: root }, RUN_MS);
  } finally {
    // Every run finds an empty store, so that none has to look through what the others left.
    rmSync(root, { recursive: true, force: true });
  }
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** All rounds of one suite; the first of each side warms the machine up and is not counted. */
async function roundsOf(name, runSide) {
  const until = Date.now() + minutesPerSuite * 60_000;
  for (const side of SIDES) await runSide(side);
  const rounds = [];
  for (let round = 0; round < nRounds && (round === 0 || Date.now() < until); round++) {
    const costs = {};
    for (let turn = 0; turn < SIDES.length; turn++) {
      const side = SIDES[(turn + round) % SIDES.length];
      costs[side] = await runSide(side);
      if (!values.json) process.stderr.write(`${name} ${round + 1}/${nRounds} ${side}: ${wordsOf(costs[side])}\n`);
    }
    rounds.push(costs);
  }
  return rounds;
}

function wordsOf({ wall_ms, cpu_ms }) {
  return `${Math.round(wall_ms)} ms${cpu_ms === undefined ? '' : `, processors ${Math.round(cpu_ms)} ms`}`;
}

function figuresOf(name, rounds) {
  const ratio = (what, over, under) => Number(median(rounds.map((round) => round[over][what] / round[under][what])).toFixed(3));
  const figure = (what, over, under, words, target) => ({
    name: words,
    value: ratio(what, over, under),
    unit: '×',
    target,
    sides: Object.fromEntries([over, under].map((side) => [side, `${Math.round(median(rounds.map((round) => round[side][what])))} ms`])),
  });
  const pair = (what, words, target) => [
    figure(what, 'recorded', 'bare', `${name} suite ${words}, recorded without zip ÷ bare`, target),
    figure(what, 'recorded-zip', 'playwright', `${name} suite ${words}, recorded with zip ÷ Playwright trace: 'on'`, target),
  ];
  const counted = rounds[0].bare.cpu_ms !== undefined;
  return [...pair('wall_ms', 'wall time', '≤ 1.05'), ...(counted ? pair('cpu_ms', 'processor time', '–') : [])];
}

async function denseRounds(url) {
  return await roundsOf('dense', async (side) => await run(side, 'playwright.config.mjs', { BENCH_SPEC: 'work', BENCH_URL: url }));
}

async function shopRounds() {
  buildShop();
  return await roundsOf('shop', async (side) => {
    const shop = await startShop();
    try {
      return await run(side, 'shop.config.mjs', shop.env);
    } finally {
      await shop.stop();
    }
  });
}

/** Longest task of each phase, per side: the median of the rounds. */
async function stormFigure(url) {
  const tasks = {};
  for (const side of ['bare', 'recorded']) {
    const file = join(folder, `storm-${side}.ndjson`);
    writeFileSync(file, '');
    for (let round = 0; round < Math.min(3, nRounds); round++) {
      await run(side, 'playwright.config.mjs', { BENCH_SPEC: 'storm', BENCH_URL: url, BENCH_RESULTS: file });
    }
    const seen = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    tasks[side] = Object.fromEntries(Object.keys(seen[0]).map((phase) => [phase, median(seen.map((round) => round[phase]))]));
  }
  const added = Object.keys(tasks.bare).map((phase) => Math.round(tasks.recorded[phase] - tasks.bare[phase]));
  const sides = { recorded: JSON.stringify(tasks.recorded), bare: JSON.stringify(tasks.bare) };
  return { name: 'longest main-thread task added, 10k nodes in a storm', value: Math.max(...added), unit: 'ms', target: '≤ 200', sides };
}

const site = await startSite();
try {
  const times = {};
  const figures = [];
  if (parts.includes('dense')) figures.push(...figuresOf('dense', (times.dense = await denseRounds(site.url))));
  if (parts.includes('shop')) figures.push(...figuresOf('shop', (times.shop = await shopRounds())));
  if (parts.includes('storm')) figures.push(await stormFigure(site.url));
  const rounds = Object.fromEntries(Object.entries(times).map(([name, all]) => [name, all.length]));
  console.log(JSON.stringify({ bench: 'overhead', rounds, figures, times }));
} finally {
  await site.stop();
  rmSync(folder, { recursive: true, force: true });
}
