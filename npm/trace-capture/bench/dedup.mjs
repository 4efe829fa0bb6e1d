/**
 * What a repeated test adds to the store. The shop's sign-in test is recorded once and then again and again into one store, on three
 * sides: everything, without video and zip, and without screenshots too; and by Playwright alone with `trace: 'on'`. Every byte of every file
 * below the store's folder counts: lines, indexes, summaries, manifests, blobs, screenshots, videos, zips, lock files.
 *
 * Each repetition signs in with an address of its own, as a real suite does, so what it types is no repetition.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { repeats: { type: 'string', default: process.env.BENCH_REPEATS ?? '100' }, json: { type: 'boolean', default: false } },
});
const repeats = Number(values.repeats);
const shop = fileURLToPath(new URL('../../../examples/shop', import.meta.url));
const cli = join(dirname(createRequire(import.meta.url).resolve('@playwright/test/package.json')), 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'molar-dedup-'));

/** Repetitions of the sides that leave something out: what one adds is known by then, and the whole bench stays within minutes. */
const LEAN_REPEATS = 20;
const LEAN = { MOLAR_TRACE_VIDEO: '0', MOLAR_TRACE_PLAYWRIGHT_ZIP: '0' };
/** What each side switches off, and how often it repeats the test. */
const SIDES = [
  { name: 'everything', off: {}, times: repeats },
  { name: 'no video, no zip', off: LEAN, times: Math.min(repeats, LEAN_REPEATS) },
  { name: 'no video, zip or screenshots', off: { ...LEAN, MOLAR_TRACE_SCREENSHOTS: '0' }, times: Math.min(repeats, LEAN_REPEATS) },
];

function run(config, times, output, env, more = []) {
  const args = [cli, 'test', '--config', config, 'login.spec.ts', '--grep', 'right password', `--repeat-each=${times}`, '--output', output, ...more];
  const ran = spawnSync(process.execPath, args, { cwd: shop, encoding: 'utf8', timeout: 1_800_000, env: { ...process.env, ...env } });
  if (ran.status !== 0) throw new Error(`the suite failed:\n${ran.stdout}${ran.stderr}`);
}

function files(dir) {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory() ? files(path) : [{ path, size: statSync(path).size }];
  });
}

/** Pictures are stored as they are, all other blobs as zstd frames. */
function kindOf(path) {
  if (!path.includes(`${sep}blobs${sep}`)) return path.slice(path.lastIndexOf(sep) + 1);
  const head = Buffer.alloc(2);
  const file = openSync(path);
  readSync(file, head);
  closeSync(file);
  return ['ffd8', '8950'].includes(head.toString('hex')) ? 'blobs: pictures' : 'blobs: text';
}

/** Bytes of a store, in sum and by kind of file. */
function weigh(dir) {
  const kinds = {};
  for (const { path, size } of files(dir)) kinds[kindOf(path)] = (kinds[kindOf(path)] ?? 0) + size;
  return { total: Object.values(kinds).reduce((sum, size) => sum + size, 0), kinds };
}

function ours({ name, off, times }) {
  const store = join(folder, name.replaceAll(/\W/g, '-'));
  const record = (count) => {
    run('playwright.config.ts', count, join(folder, 'results'), { ...off, MOLAR_TRACE_DIR: store });
    return weigh(store);
  };
  const first = record(1);
  const last = record(times - 1);
  const perRepeat = (after, before = 0) => Math.round((after - before) / (times - 1));
  const kinds = Object.keys(last.kinds).sort((a, b) => last.kinds[b] - last.kinds[a]);
  const byKind = kinds.map((kind) => ({ kind, first: first.kinds[kind] ?? 0, repeat: perRepeat(last.kinds[kind], first.kinds[kind]) }));
  return { name, times, first: first.total, total: last.total, added: perRepeat(last.total, first.total), by_kind: byKind };
}

function playwright() {
  const output = join(folder, 'playwright');
  run('playwright.bare.config.ts', repeats, output, {}, ['--trace', 'on']);
  const zips = files(output).filter(({ path }) => path.endsWith('.zip'));
  if (zips.length !== repeats) throw new Error(`${zips.length} zips of ${repeats} tests`);
  return zips.reduce((sum, { size }) => sum + size, 0);
}

const percent = (part, whole) => Number(((100 * part) / whole).toFixed(1));

/** The two figures of a side; the first has one line for each kind of file. */
function figuresOf(side, zip) {
  const byKind = Object.fromEntries(side.by_kind.map(({ kind, first, repeat }) => [kind, `${first} B first, ${repeat} B a repeat`]));
  const zips = Math.round(zip * side.times);
  return [
    { name: `added by a repeat ÷ first (${side.name})`, value: percent(side.added, side.first), unit: '%', target: '≤ 5', sides: { first: `${side.first} B`, repeat: `${side.added} B`, ...byKind } },
    { name: `store ÷ Playwright's zips (${side.name}, ${side.times} traces)`, value: percent(side.total, zips), unit: '%', target: '≤ 5', sides: { store: `${side.total} B`, zips: `${zips} B` } },
  ];
}

try {
  const zip = playwright() / repeats;
  // The second run of a side has other free ports, so a store's first trace and its repeats differ as two runs of a suite do.
  const details = SIDES.map((side) => ours(side));
  const figures = details.flatMap((side) => figuresOf(side, zip));
  const counted = 'every byte of every file below the store, after the recorder finished; Playwright: the zips alone, their mean for sides with fewer repeats';
  console.log(JSON.stringify({ bench: 'dedup', repeats, lean_repeats: Math.min(repeats, LEAN_REPEATS), counted, figures, details }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
