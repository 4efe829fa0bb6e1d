// How long after a test's end its trace can be looked at: from the call of `finish` in the recording process until the server answers with
// the outcome and gives out the last event. Recorded and shipped the way a suite does it, to a real server process.
//
//   MOLAR_TRACE_SERVER_BIN=target/release/trace-server node bench/viewable.mjs [--json] [--traces 120]
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Recorder } from '../dist/index.js';

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, traces: { type: 'string', default: '120' } } });
const nTraces = Number(values.traces);
const binary = process.env.MOLAR_TRACE_SERVER_BIN;
if (!binary) throw new Error('MOLAR_TRACE_SERVER_BIN must name the trace-server binary; `cargo xtask bench finish` sets it');
const directory = mkdtempSync(join(tmpdir(), 'molar-bench-'));
const data = join(directory, 'server');

const printed = execFileSync(binary, ['keys', 'create', '--data-dir', data, '--org', 'bench', '--scope', 'traces:write', '--scope', 'traces:read'], { encoding: 'utf8' });
const key = /molar_sk_\w+/.exec(printed)?.[0];
const server = spawn(binary, ['serve', '--port', '0', '--data-dir', data, '--log', 'warn'], { stdio: ['ignore', 'pipe', 'inherit'] });
const url = await new Promise((resolve, reject) => {
  server.once('exit', (code) => reject(new Error(`trace-server ended with ${code}`)));
  createInterface({ input: server.stdout }).once('line', (line) => resolve(JSON.parse(line).url));
});

async function ask(path) {
  const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
  return answer.ok ? await answer.json() : undefined;
}

/** Whether a person who opens the trace now sees how it ended. */
async function viewable(id, lastSeq) {
  const row = await ask(`/v1/traces/${id}`);
  if (!row?.viewable || row.status === 'running' || row.status === 'queued') return false;
  const page = await ask(`/v1/traces/${id}/events?from_seq=${lastSeq}&limit=1`);
  return page?.items[0]?.kind === 'run.end';
}

/** A test's record as suites leave it: a thousand events, thirty of them with a body of their own, a picture and a file. */
async function oneTrace() {
  const recorder = new Recorder({ root: join(directory, 'traces'), runStart: JSON.stringify({ project: 'bench', scenario: { id: 'bench', slug: 'bench', title: 'bench' } }), server: { url, key } });
  for (let i = 0; i < 1000; i++) {
    const payload = { request_id: `r${i}`, method: 'GET', url: `http://127.0.0.1:4000/rows?page=${i}`, status: 200, duration_ms: i };
    if (i % 33 !== 0) recorder.append('network.response', payload, 's1');
    else recorder.appendContent('network.response', payload, [{ field: 'body', data: randomBytes(20_000), mediaType: 'image/png' }], 's1');
  }
  const begun = performance.now();
  const report = await recorder.finish({ status: 'passed' });
  const handed = performance.now();
  while (!(await viewable(recorder.traceId, report.events))) {
    if (performance.now() - begun > 60_000) throw new Error(`trace ${recorder.traceId} never became viewable: ${report.problems.join('; ')}`);
  }
  return { finish: handed - begun, viewable: performance.now() - begun };
}

const quantile = (numbers, q) => [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.ceil(numbers.length * q) - 1)];

try {
  await oneTrace();
  const times = [];
  for (let n = 0; n < nTraces; n++) times.push(await oneTrace());
  const side = (name, q) => `${Math.round(quantile(times.map((time) => time[name]), q))} ms`;
  const p99 = Math.round(quantile(times.map((time) => time.viewable), 0.99));
  const figure = {
    name: `run end to viewable on the server, p99 of ${nTraces} traces`, value: p99, unit: 'ms', target: '≤ 500',
    sides: { 'viewable, p50': side('viewable', 0.5), 'finish returned, p50': side('finish', 0.5), 'finish returned, p99': side('finish', 0.99) },
  };
  console.log(JSON.stringify({ bench: 'viewable', figures: [figure] }));
} finally {
  server.removeAllListeners('exit').kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
}
