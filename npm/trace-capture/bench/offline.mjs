/**
 * What a server that is gone costs a suite: runs with a real server and with a port where nobody listens take turns, and a ratio is the
 * median of the ratios of each round. Then the next start drains what waited, and every event is compared with the server's.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' }, json: { type: 'boolean', default: false } } });
const nRounds = Number(values.rounds);
const binary = process.env.MOLAR_TRACE_SERVER_BIN;
if (!binary) throw new Error('MOLAR_TRACE_SERVER_BIN must name the trace-server binary; `cargo xtask bench offline` sets it');
const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const { TraceReader, recover } = require('@molar/trace-node');
const cli = join(dirname(require.resolve('@playwright/test/package.json')), 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'molar-bench-'));
/** The discard port: a connection is refused at once, as by a server that is down. */
const NOBODY = 'http://127.0.0.1:9';
const DRAIN_MS = 120_000;

const site = new Worker(`
  const { parentPort } = require('node:worker_threads');
  import(${JSON.stringify(new URL('site.mjs', import.meta.url).href)}).then(async ({ startSite }) => parentPort.postMessage((await startSite()).url));
`, { eval: true });
const siteUrl = await new Promise((resolve, reject) => { site.once('message', resolve); site.once('error', reject); });

const data = join(folder, 'server');
const printed = execFileSync(binary, ['keys', 'create', '--data-dir', data, '--org', 'bench', '--scope', 'traces:write', '--scope', 'traces:read'], { encoding: 'utf8' });
const key = /molar_sk_\w+/.exec(printed)?.[0] ?? '';
const server = spawn(binary, ['serve', '--port', '0', '--data-dir', data, '--log', 'warn'], { stdio: ['ignore', 'pipe', 'inherit'] });
const serverUrl = await new Promise((resolve, reject) => {
  server.once('exit', (code) => reject(new Error(`trace-server ended with ${code}`)));
  createInterface({ input: server.stdout }).once('line', (line) => resolve(JSON.parse(line).url));
});

/** Runs the suite against one server and gives its wall time in milliseconds. Each run has a store of its own, so that nobody drains another's. */
function runSuite(side, round) {
  const root = join(folder, `${side}-${round}`);
  const begun = performance.now();
  const ran = spawnSync(process.execPath, [cli, 'test', '--config', join(here, 'suite/playwright.config.mjs'), '--output', join(folder, 'results')], {
    encoding: 'utf8',
    timeout: 300_000,
    env: {
      ...process.env, BENCH_SIDE: 'recorded', BENCH_SPEC: 'work', BENCH_URL: siteUrl, MOLAR_TRACE_DIR: root,
      MOLAR_TRACE_URL: side === 'reachable' ? serverUrl : NOBODY, MOLAR_TRACE_KEY: key,
    },
  });
  if (ran.status !== 0) throw new Error(`the suite failed on side \`${side}\`:\n${ran.stdout}${ran.stderr}`);
  return performance.now() - begun;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The events of every trace that waits in a store: its id, and each event's number and kind. */
function waiting(root) {
  const runs = join(root, 'traces', 'runs');
  const dirs = readdirSync(runs, { recursive: true, encoding: 'utf8' }).filter((path) => UUID.test(path.split('/').at(-1) ?? ''));
  return dirs.map((dir) => ({ id: dir.split('/').at(-1), events: TraceReader.open(join(runs, dir)).events().map(({ seq, kind }) => `${seq} ${kind}`) }));
}

async function onServer(id) {
  const events = [];
  for (let cursor = ''; typeof cursor === 'string'; ) {
    const answer = await fetch(`${serverUrl}/v1/traces/${id}/events?limit=5000${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`, { headers: { authorization: `Bearer ${key}` } });
    if (!answer.ok) return events;
    const page = await answer.json();
    events.push(...page.items.map(({ seq, kind }) => `${seq} ${kind}`));
    cursor = page.next_cursor;
  }
  return events;
}

/** Drains one store as the next start does, and counts the events that did not arrive. */
async function drain(root) {
  const traces = waiting(root);
  const deadline = performance.now() + DRAIN_MS;
  let report = await recover(root, { url: serverUrl, key });
  while (report.traces.some(({ outcome }) => outcome !== 'shipped') && performance.now() < deadline) report = await recover(root, { url: serverUrl, key });
  let lost = 0;
  for (const { id, events } of traces) {
    const there = new Set(await onServer(id));
    lost += events.filter((event) => !there.has(event)).length;
  }
  return { traces: traces.length, events: traces.reduce((sum, { events }) => sum + events.length, 0), lost };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const sum = (all, name) => all.reduce((total, one) => total + one[name], 0);

try {
  runSuite('reachable', 'first');
  const times = Array.from({ length: nRounds }, (_, round) => {
    const order = round % 2 === 0 ? ['reachable', 'unreachable'] : ['unreachable', 'reachable'];
    return Object.fromEntries(order.map((side) => [side, runSuite(side, round)]));
  });
  const drained = [];
  for (let round = 0; round < nRounds; round++) drained.push(await drain(join(folder, `unreachable-${round}`)));
  const ratio = Number(median(times.map((round) => round.unreachable / round.reachable)).toFixed(3));
  const msOf = (side) => `${Math.round(median(times.map((round) => round[side])))} ms`;
  const figures = [
    { name: 'suite wall time, server unreachable ÷ reachable', value: ratio, unit: '×', target: '≤ 1.02', sides: { unreachable: msOf('unreachable'), reachable: msOf('reachable') } },
    { name: 'events lost when the next start drains', value: sum(drained, 'lost'), unit: '', target: '0', sides: { traces: sum(drained, 'traces'), events: sum(drained, 'events') } },
  ];
  if (sum(drained, 'events') === 0) throw new Error('nothing waited for the server, so nothing was measured');
  if (values.json) console.log(JSON.stringify({ bench: 'offline', rounds: nRounds, figures, times }));
  else console.table(figures);
} finally {
  server.removeAllListeners('exit');
  server.kill('SIGKILL');
  await site.terminate();
  rmSync(folder, { recursive: true, force: true });
}
