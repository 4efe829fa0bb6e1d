import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { shiftClock } from '../dist/guest/determinism/page.js';
import { argumentsOf } from '../dist/options.js';
import { readLine } from '../dist/outcome.js';
import { replay } from '../dist/index.js';

describe('the options of a replay', () => {
  it('become arguments of the command', () => {
    const args = argumentsOf({ trace: 't1', fromStep: 7, edits: ['a.patch', 'b.patch'], env: { PORT: '1' }, clones: { stripe: 'http://x' }, strategy: 'auto', appMode: 'live', withoutClones: false });
    assert.deepEqual(args.filter((one) => !one.startsWith('--guest=')), [
      'run', '--json', '--trace=t1', '--from-step=7', '--strategy=auto', '--app-mode=live', '--edit=a.patch', '--edit=b.patch', '--env=PORT=1', '--clone=stripe=http://x',
    ]);
    assert.match(args.find((one) => one.startsWith('--guest=')) ?? '', /dist\/guest\.cjs$/);
  });
});

describe('a line of a replay', () => {
  const lines: readonly [string, string | undefined][] = [
    ['{"at_ms":1,"state":"skipping","step":2}', 'progress'],
    ['{"outcome":{"state":"passed"}}', 'outcome'],
    ['{"state":"dancing"}', undefined],
    ['Running 1 test', undefined],
    ['null', undefined],
  ];
  for (const [text, kind] of lines) it(`${text} is ${kind ?? 'none'}`, () => assert.equal(readLine(text)?.kind, kind));
});

describe('a replay that cannot be carried out', () => {
  it('ends its progress, and its outcome says why or is a rejection', async () => {
    const run = replay({ trace: '/nowhere/at/all', fromStep: 1 });
    const outcome = await run.outcome.then(({ state }) => state, (error: unknown) => (error instanceof Error ? error.message : ''));
    assert.match(outcome, /^blocked$|molar-replay/);
    let lines = 0;
    for await (const line of run) lines += Number(line.state === 'passed');
    assert.equal(lines, 0);
  });
});

describe('the clock of a replayed page', () => {
  const DAY_MS = 86_400_000;
  /** The page's world, as far as the clock touches it. */
  const inPage = (check: string): unknown => runInNewContext(`const RealDate = Date; (${shiftClock.toString()})(-1000 * ${DAY_MS}); ${check}`, { performance: { timeOrigin: 5_000 * DAY_MS } });
  const ago = (ms: unknown): boolean => Math.abs(Date.now() - Number(ms) - 1000 * DAY_MS) < 60_000;
  for (const now of ['Date.now()', '+new Date()', 'Date.parse(Date())', 'new (class extends Date {})().getTime()', 'Date.parse(new Intl.DateTimeFormat("en-US", { timeZone: "UTC", dateStyle: "short", timeStyle: "long" }).format())']) {
    it(`is moved in ${now}`, () => assert.ok(ago(inPage(now))));
  }
  it('leaves given times, types and what they are made of alone', () => {
    assert.deepEqual(JSON.parse(String(inPage(`JSON.stringify([
      new Date(5).getTime(), Date.UTC(1970, 0, 2), Date.parse('1970-01-02T00:00:00Z'), new Date() instanceof Date, new RealDate() instanceof Date,
      new Date().constructor === Date, new (class Own extends Date { twice() { return 2; } })().twice(), Date.name, Date.length, performance.timeOrigin / ${DAY_MS},
    ])`))), [5, DAY_MS, DAY_MS, true, true, true, 2, 'Date', 7, 4000]);
  });
  it('can be moved again, and a test that puts another clock in front keeps it', () => {
    assert.ok(Math.abs(Number(inPage(`(${shiftClock.toString()})(0); Date.now()`)) - Date.now()) < 60_000);
    assert.equal(inPage(`Date = class { static now() { return 42; } }; Date.now()`), 42);
  });
});
