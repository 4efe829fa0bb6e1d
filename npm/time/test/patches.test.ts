// What a replayed request sees, and what it must not notice.
import assert from 'node:assert/strict';
import { AsyncResource } from 'node:async_hooks';
import { after, test } from 'node:test';
import { isDate } from 'node:util/types';
import { Worker } from 'node:worker_threads';
import { current, time } from '@molar/time';
import { LEAP, SECRET, header } from './support/ask.js';
import { Served } from './support/served.js';

process.env['MOLAR_REPLAY_SECRET'] = SECRET;
const RealDate = Date;
const madeBefore = new Date(5);
class Before extends Date {}
const served = new Served([time]);
after(() => served.close());

const utc = new Intl.DateTimeFormat('en-GB', { dateStyle: 'short', timeStyle: 'medium', timeZone: 'UTC' });
const READS: [string, unknown, () => unknown][] = [
  ['Date.now()', LEAP, () => Date.now()],
  ['new Date()', LEAP, () => new Date().getTime()],
  ['Date()', new Date(LEAP).toString(), () => Date()],
  ['Date of the global object', LEAP, () => new globalThis.Date().getTime()],
  ['Date.now of a Date that was kept', LEAP, () => RealDate.now()],
  ['a subclass', LEAP, () => new (class extends Date {})().getTime()],
  ['Date.now of an older subclass', LEAP, () => Before.now()],
  ['Reflect.construct', LEAP, () => (Reflect.construct(Date, []) as Date).getTime()],
  ['toISOString', '2024-02-29T12:00:00.000Z', () => new Date().toISOString()],
  ['Intl format()', '29/02/2024, 12:00:00', () => utc.format()],
  ['Intl format(undefined)', '29/02/2024, 12:00:00', () => utc.format(undefined)],
  ['Intl format handed on', '29/02/2024, 12:00:00', () => [undefined].map(utc.format)[0]],
  ['Intl formatToParts()', '29', () => utc.formatToParts().find((part) => part.type === 'day')?.value],
  ['toLocaleString', '29/02/2024, 12:00:00', () => new Date().toLocaleString('en-GB', { dateStyle: 'short', timeStyle: 'medium', timeZone: 'UTC' })],
  ['performance, whole', LEAP, () => Math.round(performance.timeOrigin + performance.now())],
  ['performance, difference', 0, () => -performance.now() + performance.now()],
  ['current()', LEAP, () => current()?.clock?.now()],
];
for (const [what, expected, read] of READS) {
  test(`under a fixed clock: ${what}`, async () => {
    assert.equal(await served.within(header(), read), expected);
    assert.notEqual(what.includes('difference') ? undefined : read(), expected, 'outside of the request it is the real one');
  });
}

const KEPT: [string, () => unknown][] = [
  ['given times are kept', () => new Date(7).getTime() === 7 && new Date(2020, 1, 2).getDate() === 2 && Number.isNaN(new Date(Number.NaN).getTime())],
  ['undefined is not the present', () => Number.isNaN(new Date(undefined as never).getTime())],
  ['null is not the present', () => utc.format(null as never) === '01/01/1970, 00:00:00'],
  ['UTC and parse', () => Date.UTC(2024, 1, 29, 12) === LEAP && Date.parse('2024-02-29T12:00Z') === LEAP],
  ['name and length', () => Date.name === 'Date' && Date.length === 7 && Date.now.name === 'now' && Date.now.length === 0],
  ['instanceof, both ways', () => new Date() instanceof RealDate && madeBefore instanceof Date && new Before() instanceof Date],
  ['constructor', () => new Date().constructor === Date && madeBefore.constructor === Date],
  ['internal kind', () => isDate(new Date()) && Object.prototype.toString.call(new Date()) === '[object Date]'],
  ['structuredClone', () => structuredClone(new Date()).getTime() === LEAP && structuredClone(new Date()) instanceof Date],
  ['a subclass keeps its own prototype', () => {
    class Own extends Date {
      own(): number {
        return this.getTime();
      }
    }
    return new Own().own() === LEAP && new Own() instanceof Own && Own.UTC(2024) === Date.UTC(2024);
  }],
  ['keys', () => Object.keys(Date).length === 0],
  ['one format per formatter', () => utc.format === utc.format],
];
for (const [what, holds] of KEPT) {
  test(`not noticed: ${what}`, async () => assert.equal(await served.within(header(), holds), true));
}

test('under a shifting clock time goes on from the given moment, and never back', async () => {
  const [first, second, elapsed] = await served.within(header({ mode: 'shift' }), async () => {
    const begin = performance.now();
    const first = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    return [first, Date.now(), performance.now() - begin] as const;
  });
  assert.ok(first >= LEAP && second > first, `${first}, ${second}`);
  // A timer may fire up to a millisecond early, and the clock is cut to whole ones.
  assert.ok(second - first >= 18 && second - first <= elapsed + 1, `${second - first} and ${elapsed} ms`);
});

test('two copies of the package in one process see the same request, and one clock', async () => {
  const ours = Object.keys(require.cache).filter((path) => path.includes('/time/dist/'));
  assert.ok(ours.length > 5, 'the first copy is loaded');
  ours.forEach((path) => delete require.cache[path]);
  const copy = require('@molar/time') as { time: typeof time; current: typeof current };
  assert.notEqual(copy.time, time);
  const other = new Served([copy.time]);
  try {
    const [now, same, elapsed] = await other.within(header({ mode: 'shift' }), () => [Date.now(), copy.current() === current(), performance.now() - performance.now()] as const);
    assert.ok(now >= LEAP && now < LEAP + 1e9 && same && elapsed <= 0);
  } finally {
    await other.close();
  }
});

test('timers stay real under a fixed clock', async () => {
  const before = process.hrtime.bigint();
  await served.within(header(), () => new Promise((resolve) => setTimeout(resolve, 20)));
  assert.ok(process.hrtime.bigint() - before >= 18_000_000n);
});

test('a loop that waits for a fixed clock ends', async () => {
  const waits: (() => unknown)[] = [
    () => { for (const end = Date.now() + 50; Date.now() < end; ); },
    () => { for (const end = performance.now() + 50; performance.now() < end; ); },
    () => { for (const end = Date.now() + 50; new Date().getTime() < end; ); },
    async () => { for (const end = Date.now() + 50; Date.now() < end; ) await undefined; },
  ];
  for (const wait of waits) await served.within(header(), wait);
});

test('many reads over many macrotasks do not move a fixed clock', async () => {
  const last = await served.within(header(), async () => {
    for (let task = 0; task < 5; task += 1) {
      for (let read = 0; read < 15_000; read += 1) Date.now();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return Date.now();
  });
  assert.equal(last, LEAP);
});

test('limit: a callback that a pool runs later has the real clock, unless it was bound', async () => {
  // Made outside of any request, as the pools of database drivers are when they start.
  const pool: (() => void)[] = [];
  const worker = setInterval(() => pool.splice(0).forEach((job) => job()), 1);
  try {
    const pooled = (bind: (job: () => void) => () => void) =>
      served.within(header(), () => new Promise<number>((resolve) => pool.push(bind(() => resolve(Date.now())))));
    assert.ok((await pooled((job) => job)) > LEAP + 1e9);
    assert.equal(await pooled((job) => AsyncResource.bind(job)), LEAP);
    // What awaits the pool's promise is the request again.
    const awaited = await served.within(header(), async () => {
      await new Promise<void>((resolve) => pool.push(resolve));
      return Date.now();
    });
    assert.equal(awaited, LEAP);
  } finally {
    clearInterval(worker);
  }
});

test('limit: a worker has the real clock', async () => {
  const told = await served.within(header(), () => new Promise((resolve, reject) => {
    const worker = new Worker('require("node:worker_threads").parentPort.postMessage(Date.now())', { eval: true });
    worker.once('message', resolve).once('error', reject);
  }));
  assert.ok(typeof told === 'number' && told > LEAP + 1e9);
});
