// Events per second of the recorder against pino in async mode, on the same objects, the whole way to disk, and what one
// append costs the main thread beyond JSON.stringify.
//
//   node bench/append.mjs [--json] [--events 300000] [--rounds 5]
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { Recorder } from '../dist/index.js';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    events: { type: 'string', default: '300000' },
    rounds: { type: 'string', default: '5' },
  },
});
const nEvents = Number(values.events);
const nRounds = Number(values.rounds);
const directory = mkdtempSync(join(tmpdir(), 'molar-bench-'));

/** What a suite records most: a response with its headers, a click, a line of console output, a DOM batch. */
const payloads = Array.from({ length: 1000 }, (_, i) => {
  const page = 'p1';
  switch (i % 4) {
    case 0:
      return {
        request_id: `r${i}`, method: 'POST', url: `http://127.0.0.1:4000/api/checkout/upgrade?attempt=${i}`, status: 200,
        status_text: 'OK', headers: [['content-type', 'application/json'], ['x-request-id', `req_${i}`]], duration_ms: 12.5 + i,
        resource_type: 'fetch', page,
      };
    case 1:
      return { api: 'locator.click', title: `Click 'Upgrade ${i}'`, locator: "getByRole('button')", page, start_ts: i * 3.25, duration_ms: 31.4 };
    case 2:
      return { level: 'info', text: `cart updated: ${i} items, total €${i}.99`, page, location: { url: 'http://127.0.0.1:4000/app.js', line: i, column: 7 } };
    default:
      return { page, frame: 'p1f1', stream: 's1', generation: 1, count: 1, first_ts: i, last_ts: i, events: { size: 61, media_type: 'application/json', text: `[{"type":3,"data":{"source":1,"positions":[{"x":${i},"y":7}]}}]` } };
  }
});
const kinds = ['network.response', 'action', 'console.log', 'dom.mutation'];

/** CPU time of this thread alone, so that other threads and other processes do not count; Linux only. */
function threadCpuNs() {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ', 1)[0]);
}

function median(numbers) {
  const sorted = numbers.toSorted ? numbers.toSorted((a, b) => a - b) : [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

async function measureRecorder(round) {
  const root = join(directory, `molar-${round}`);
  const recorder = new Recorder({ root, runStart: '{"project":"bench"}', limits: { queueBytes: 1 << 30 } });
  const start = performance.now();
  for (let i = 0; i < nEvents; i++) recorder.append(kinds[i & 3], payloads[i % 1000], 's7');
  const appended = performance.now();
  const report = await recorder.finish({ status: 'passed' });
  const done = performance.now();
  if (report.dropped > 0 || report.events < nEvents) throw new Error(`recorder lost events: ${JSON.stringify(report)}`);
  rmSync(root, { recursive: true });
  return { perSecond: nEvents / ((done - start) / 1000), mainNs: ((appended - start) * 1e6) / nEvents };
}

async function measurePino(round) {
  const path = join(directory, `pino-${round}.log`);
  const destination = pino.destination({ dest: path, sync: false, minLength: 4096 });
  const logger = pino({ base: null }, destination);
  await new Promise((resolve) => destination.once('ready', resolve));
  const start = performance.now();
  for (let i = 0; i < nEvents; i++) logger.info(payloads[i % 1000]);
  const appended = performance.now();
  await new Promise((resolve, reject) => logger.flush((error) => (error ? reject(error) : resolve())));
  // The recorder's finish syncs its file, so the other side pays for the same.
  const fd = openSync(path, 'r+');
  fsyncSync(fd);
  closeSync(fd);
  const done = performance.now();
  const lines = readFileSync(path).reduce((n, byte) => n + (byte === 10 ? 1 : 0), 0);
  if (lines !== nEvents) throw new Error(`pino wrote ${lines} of ${nEvents} lines`);
  await new Promise((resolve) => destination.once('close', resolve).end());
  rmSync(path);
  return { perSecond: nEvents / ((done - start) / 1000), mainNs: ((appended - start) * 1e6) / nEvents };
}

/** Nanoseconds of this thread per append beyond JSON.stringify, with draining and writing going on behind it. */
async function measureOverhead(round) {
  const root = join(directory, `overhead-${round}`);
  const recorder = new Recorder({ root, runStart: '{"project":"bench"}', limits: { queueBytes: 1 << 30 } });
  let bytes = 0;
  const before = threadCpuNs();
  for (let i = 0; i < nEvents; i++) bytes += JSON.stringify(payloads[i % 1000]).length;
  const between = threadCpuNs();
  for (let i = 0; i < nEvents; i++) recorder.append(kinds[i & 3], payloads[i % 1000], 's7');
  const after = threadCpuNs();
  await recorder.finish({ status: 'passed' });
  rmSync(root, { recursive: true });
  const stringifyNs = (between - before) / nEvents;
  return { stringifyNs, appendNs: (after - between) / nEvents, aboveNs: (after - between) / nEvents - stringifyNs, payloadBytes: bytes / nEvents };
}

const recorder = [];
const other = [];
const overhead = [];
for (let round = 0; round < nRounds; round++) {
  recorder.push(await measureRecorder(round));
  other.push(await measurePino(round));
  if (process.platform === 'linux') overhead.push(await measureOverhead(round));
}
rmSync(directory, { recursive: true });

const result = {
  events: nEvents,
  rounds: nRounds,
  payload_bytes: Math.round(overhead[0]?.payloadBytes ?? 0),
  recorder_events_per_s: Math.round(median(recorder.map((r) => r.perSecond))),
  pino_events_per_s: Math.round(median(other.map((r) => r.perSecond))),
  ratio: Number((median(recorder.map((r) => r.perSecond)) / median(other.map((r) => r.perSecond))).toFixed(2)),
  stringify_ns: Math.round(median(overhead.map((r) => r.stringifyNs))),
  append_ns: Math.round(median(overhead.map((r) => r.appendNs))),
  above_stringify_ns: Math.round(median(overhead.map((r) => r.aboveNs))),
};
// The shape that `cargo xtask bench` prints: each figure with its target and both sides.
const figures = [
  {
    name: 'events/s to disk ÷ pino async', value: result.ratio, unit: '×', target: '≥ 2',
    sides: { recorder: `${result.recorder_events_per_s} events/s`, 'pino async': `${result.pino_events_per_s} events/s` },
  },
  {
    name: 'main thread per append above JSON.stringify', value: result.above_stringify_ns, unit: 'ns', target: '≤ 300',
    sides: { append: `${result.append_ns} ns`, 'JSON.stringify': `${result.stringify_ns} ns for ${result.payload_bytes} bytes` },
  },
];
if (values.json) {
  console.log(JSON.stringify({ bench: 'append', figures, ...result }));
} else {
  console.table([
    { writer: 'molar recorder', 'events/s': result.recorder_events_per_s, 'main thread ns/event': Math.round(median(recorder.map((r) => r.mainNs))) },
    { writer: 'pino async', 'events/s': result.pino_events_per_s, 'main thread ns/event': Math.round(median(other.map((r) => r.mainNs))) },
  ]);
  console.log(`${result.ratio} x pino; append costs ${result.above_stringify_ns} ns of the main thread above JSON.stringify (${result.stringify_ns} ns for ${result.payload_bytes} bytes)`);
}
