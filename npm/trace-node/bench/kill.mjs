// What a SIGKILL costs: recording processes are killed at random moments, their traces are recovered and read, and the last event that
// survived tells how much of the end is missing. The moment of the kill is taken before it is asked for, so a figure is never too small.
//
//   node bench/kill.mjs [--json] [--kills 200]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TraceReader, recover } from '../dist/index.js';

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, kills: { type: 'string', default: '200' } } });
const nKills = Number(values.kills);
const directory = mkdtempSync(join(tmpdir(), 'molar-bench-'));
/** Two at a time use two processors and keep the whole bench within its three minutes. */
const LANES = 2;
const LATEST_MS = 1_400;

/** Appends an event a millisecond, every fiftieth with a body, and works in between as a test does. */
const VICTIM = `
  const { Recorder } = await import(${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)});
  const recorder = new Recorder({ root: process.argv[1], runStart: '{"project":"bench"}' });
  let i = 0;
  const append = () => {
    const payload = { i, at: performance.timeOrigin + performance.now() };
    if (i % 50 === 0) recorder.appendContent('network.response', payload, [{ field: 'body', data: Buffer.alloc(20_000, i), mediaType: 'text/plain' }]);
    else recorder.append('console.log', payload);
    i += 1;
    for (const until = performance.now() + 1; performance.now() < until; );
    setImmediate(append);
  };
  append();
  process.stdout.write('recording');
`;

/** Kills one process so many milliseconds after its first event; what is left of its trace. */
async function kill(n, after_ms) {
  const root = join(directory, String(n));
  const victim = spawn(process.execPath, ['--input-type=module', '-e', VICTIM, root], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = new Promise((resolve) => victim.once('exit', (_, signal) => resolve(signal)));
  await new Promise((resolve, reject) => {
    victim.stdout.once('data', resolve);
    victim.once('exit', (code) => reject(new Error(`the recording process ended with ${code}`)));
  });
  await new Promise((resolve) => setTimeout(resolve, after_ms));
  const killedAt = performance.timeOrigin + performance.now();
  victim.kill('SIGKILL');
  if ((await gone) !== 'SIGKILL') throw new Error('the recording process was not killed');
  const left = await readLeft(root);
  rmSync(root, { recursive: true, force: true });
  return { ...left, lost_ms: Math.max(0, killedAt - left.lastAt) };
}

/** A trace opens when recovery ends it, every line reads, the numbers have no gap and its end says that it was killed. */
async function readLeft(root) {
  const report = await recover(root);
  const [trace] = report.traces;
  if (report.traces.length !== 1 || report.problems.length > 0) return { opens: false, lastAt: 0, why: JSON.stringify(report) };
  const reader = TraceReader.open(trace.dir);
  const events = reader.events();
  const own = events.filter(({ i }) => i !== undefined);
  const gapless = own.every(({ i }, n) => i === n) && events.every(({ seq }, n) => seq === n + 1);
  const opens = gapless && events.at(-1)?.kind === 'run.end' && trace.status === 'aborted' && reader.diagnostics().length === 0;
  return { opens, lastAt: own.at(-1)?.at ?? 0, events: events.length, why: opens ? '' : `${trace.dir}: gapless ${gapless}, ends with ${events.at(-1)?.kind}` };
}

const quantile = (numbers, q) => [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.ceil(numbers.length * q) - 1)];

try {
  const results = [];
  let next = 0;
  const lane = async () => {
    while (next < nKills) {
      const n = next++;
      results.push(await kill(n, Math.random() * LATEST_MS));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const lost = results.map(({ lost_ms }) => lost_ms);
  const ms = (q) => Number(quantile(lost, q).toFixed(1));
  const open = results.filter(({ opens }) => opens).length;
  const sides = { p50: `${ms(0.5)} ms`, p99: `${ms(0.99)} ms`, most: `${ms(1)} ms`, events: `${results.reduce((sum, { events = 0 }) => sum + events, 0)} recovered` };
  const figures = [
    { name: `traces that open after ${nKills} SIGKILLs`, value: open, unit: '', target: String(nKills), sides: { closed: results.filter(({ opens }) => !opens).map(({ why }) => why).slice(0, 3) } },
    { name: 'end of the record that a SIGKILL loses, p99', value: ms(0.99), unit: 'ms', target: '≤ 250', sides },
  ];
  if (values.json) console.log(JSON.stringify({ bench: 'kill', kills: nKills, figures }));
  else console.table(figures);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
