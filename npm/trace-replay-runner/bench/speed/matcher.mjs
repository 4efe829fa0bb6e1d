/** What looking a request up costs in a record of many, through the same call that a replay makes. */
import { Recorder, ReplaySource } from '@molar/trace-node';

const ENTRIES = 5_000;
const ORIGIN = 'http://127.0.0.1:4000';
const HEADERS = [['accept', 'application/json'], ['content-type', 'application/json'], ['referer', `${ORIGIN}/shop`]];

/** The n-th request: reads of many addresses, some of them again and again, and writes that differ by their bodies. */
function request(n, stamp) {
  if (n % 5 === 4) return { method: 'POST', url: `${ORIGIN}/api/orders`, body: JSON.stringify({ order: n, lines: [{ item: n % 97, count: 1 + (n % 3) }] }) };
  return { method: 'GET', url: `${ORIGIN}/api/items/${n % 400}?page=${n % 7}&_=${stamp + n}` };
}

async function written(root, wall_ms) {
  const runStart = {
    format: 1, project: 'bench', scenario: { slug: 'many', title: 'many', file: 'many.spec.ts', line: 1, title_path: ['many'] }, run: { id: 'bench' }, retry: 0, repeat_each: 0,
    worker: { index: 0, parallel_index: 0, pid: process.pid }, source: 'manual', seeds: {}, environment: { use: { baseURL: ORIGIN } }, capture: {}, recorder: { name: 'bench', version: '0' },
  };
  const recorder = new Recorder({ root, runStart: JSON.stringify(runStart), limits: { queueBytes: 1 << 30 } });
  recorder.append('step.start', { title: 'ask', category: 'test.step', index: 1, path: ['ask'] }, 's1');
  for (let n = 0; n < ENTRIES; n++) {
    const { method, url, body } = request(n, wall_ms);
    const head = { request_id: `r${n}`, method, url };
    const content = (text) => ({ size: text.length, media_type: 'application/json', text });
    recorder.append('network.request', { ...head, resource_type: 'fetch', headers: HEADERS, ...(body ? { body: content(body) } : {}) }, 's1');
    recorder.append('network.response', { ...head, status: 200, status_text: 'OK', headers: [['content-type', 'application/json']], duration_ms: 3, body: content(`{"n":${n}}`) }, 's1');
  }
  recorder.append('step.end', { status: 'passed', duration_ms: 1 }, 's1');
  await recorder.finish({ status: 'passed' });
  return recorder.dir;
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** Microseconds of the median and of the slowest hundredth, and how the requests were answered. */
function lookedUp(source, requests) {
  const tiers = {};
  const took_us = requests.map(({ method, url, body }) => {
    const begun = performance.now();
    const found = source.find({ method, url, headers: HEADERS, phase: 'live', atMs: 10, ...(body ? { body: Buffer.from(body) } : {}) });
    const us = (performance.now() - begun) * 1000;
    const { hit } = JSON.parse(found);
    const tier = hit ? hit.tier : 'missed';
    tiers[tier] = (tiers[tier] ?? 0) + 1;
    return us;
  });
  took_us.sort((one, other) => one - other);
  return { p50: Number(at(took_us, 0.5).toFixed(1)), p99: Number(at(took_us, 0.99).toFixed(1)), tiers };
}

/** The figures of looking requests up. */
export async function matcher(root) {
  const wall_ms = Date.now();
  const directory = await written(root, wall_ms);
  const open = () => ReplaySource.open({ directory, blobs: root, fromStep: 1, wholeRun: true });
  const all = (make) => Array.from({ length: ENTRIES }, (_, n) => make(n));
  const again = lookedUp(open(), all((n) => request(n, wall_ms)));
  const later = lookedUp(open(), all((n) => request(n, wall_ms + 60_000)));
  const lacking = lookedUp(open(), all((n) => ({ method: 'GET', url: `${ORIGIN}/api/unknown/${n}` })).slice(0, 500));
  const figure = (name, found, target) => ({ name, value: found.p99, unit: 'µs', target, sides: { 'p50 µs': found.p50, ...found.tiers } });
  return [
    figure(`looking up one of ${ENTRIES} requests as recorded, p99`, again, '<= 200'),
    figure('the same with other times in their addresses, p99', later, '<= 200'),
    figure('of requests that the record lacks, with the three nearest, p99', lacking, ''),
  ];
}
