/**
 * What recording costs a suite. Four sides take turns in every round: without a recorder, ours without Playwright's zip, Playwright's own
 * `trace: 'on'`, and ours with the zip. A ratio is the median of the ratios of each round, so that a slow minute of the machine hits both sides.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } } });
const nRounds = Number(values.rounds);
const here = dirname(fileURLToPath(import.meta.url));
const cli = join(dirname(createRequire(import.meta.url).resolve('@playwright/test/package.json')), 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'molar-bench-'));
const SIDES = ['bare', 'recorded', 'playwright', 'recorded-zip'];

// The site answers from a thread of its own, because the runner is waited for synchronously here.
const site = new Worker(`
  const { parentPort } = require('node:worker_threads');
  import(${JSON.stringify(new URL('site.mjs', import.meta.url).href)}).then(async ({ startSite }) => parentPort.postMessage((await startSite()).url));
`, { eval: true });
const url = await new Promise((resolve, reject) => { site.once('message', resolve); site.once('error', reject); });

/** Runs one spec on one side with the real runner and gives its wall time in milliseconds. */
function runSpec(side, spec, results) {
  const begun = performance.now();
  const ran = spawnSync(process.execPath, [cli, 'test', '--config', join(here, 'suite/playwright.config.mjs'), '--output', join(folder, 'results')], {
    encoding: 'utf8',
    timeout: 300_000,
    env: { ...process.env, BENCH_SIDE: side, BENCH_SPEC: spec, BENCH_URL: url, BENCH_RESULTS: results ?? '', MOLAR_TRACE_DIR: join(folder, 'traces') },
  });
  if (ran.status !== 0) throw new Error(`the suite failed on side \`${side}\`:\n${ran.stdout}${ran.stderr}`);
  return performance.now() - begun;
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const ratioOf = (times, over, under) => Number(median(times.map((round) => round[over] / round[under])).toFixed(3));
const msOf = (times, side) => `${Math.round(median(times.map((round) => round[side])))} ms`;

function suiteTimes() {
  for (const side of SIDES) runSpec(side, 'work');
  return Array.from({ length: nRounds }, (_, round) => {
    const order = SIDES.map((_, i) => SIDES[(i + round) % SIDES.length]);
    return Object.fromEntries(order.map((side) => [side, runSpec(side, 'work')]));
  });
}

/** Longest task of each phase, per side; the least of the rounds, because other processes only ever add. */
function longestTasks() {
  const tasks = {};
  for (const side of ['bare', 'recorded']) {
    const file = join(folder, `storm-${side}.ndjson`);
    writeFileSync(file, '');
    for (let round = 0; round < Math.min(3, nRounds); round++) runSpec(side, 'storm', file);
    const rounds = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    tasks[side] = Object.fromEntries(Object.keys(rounds[0]).map((phase) => [phase, median(rounds.map((round) => round[phase]))]));
  }
  return tasks;
}

try {
  const times = suiteTimes();
  const tasks = longestTasks();
  const added = Object.keys(tasks.bare).map((phase) => Math.round(tasks.recorded[phase] - tasks.bare[phase]));
  const figures = [
    { name: 'suite wall time, recorded without zip ÷ bare', value: ratioOf(times, 'recorded', 'bare'), unit: '×', target: '≤ 1.05', sides: { recorded: msOf(times, 'recorded'), bare: msOf(times, 'bare') } },
    { name: "suite wall time, recorded with zip ÷ Playwright trace: 'on'", value: ratioOf(times, 'recorded-zip', 'playwright'), unit: '×', target: '≤ 1.05', sides: { recorded: msOf(times, 'recorded-zip'), playwright: msOf(times, 'playwright') } },
    { name: 'longest main-thread task added, 10k nodes in a storm', value: Math.max(...added), unit: 'ms', target: '≤ 200', sides: { recorded: JSON.stringify(tasks.recorded), bare: JSON.stringify(tasks.bare) } },
  ];
  console.log(JSON.stringify({ bench: 'overhead', rounds: nRounds, figures, times }));
} finally {
  await site.terminate();
  rmSync(folder, { recursive: true, force: true });
}
