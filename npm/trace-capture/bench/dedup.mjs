/**
 * What a repeated test adds to the store. The shop's sign-in test is recorded once and then again and again into one store, on three
 * sides: everything, without video and zip, and without screenshots too; and by Playwright alone with `trace: 'on'`. Every byte of every file
 * below the store's folder counts: lines, indexes, summaries, manifests, blobs, screenshots, videos, zips, lock files.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
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

/** What each side switches off. */
const SIDES = {
  everything: {},
  'no video, no zip': { MOLAR_TRACE_VIDEO: '0', MOLAR_TRACE_PLAYWRIGHT_ZIP: '0' },
  'no video, zip or screenshots': { MOLAR_TRACE_VIDEO: '0', MOLAR_TRACE_PLAYWRIGHT_ZIP: '0', MOLAR_TRACE_SCREENSHOTS: '0' },
};

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

function kindOf(path) {
  if (path.includes(`${sep}blobs${sep}`)) return 'blobs';
  return path.slice(path.lastIndexOf(sep) + 1);
}

/** Bytes of a store, in sum and by kind of file. */
function weigh(dir) {
  const kinds = {};
  for (const { path, size } of files(dir)) kinds[kindOf(path)] = (kinds[kindOf(path)] ?? 0) + size;
  return { total: Object.values(kinds).reduce((sum, size) => sum + size, 0), kinds };
}

function ours(name, env) {
  const store = join(folder, name.replaceAll(/\W/g, '-'));
  const record = (times) => {
    run('playwright.config.ts', times, join(folder, 'results'), { ...env, MOLAR_TRACE_DIR: store });
    return weigh(store);
  };
  const first = record(1);
  const last = record(repeats - 1);
  const added = (last.total - first.total) / (repeats - 1);
  const byKind = Object.fromEntries(Object.entries(last.kinds).map(([kind, size]) => [kind, Math.round((size - (first.kinds[kind] ?? 0)) / (repeats - 1))]));
  return { first: first.total, total: last.total, added: Math.round(added), first_by_kind: first.kinds, added_by_kind: byKind };
}

function playwright() {
  const output = join(folder, 'playwright');
  run('playwright.bare.config.ts', repeats, output, {}, ['--trace', 'on']);
  const zips = files(output).filter(({ path }) => path.endsWith('.zip'));
  if (zips.length !== repeats) throw new Error(`${zips.length} zips of ${repeats} tests`);
  return zips.reduce((sum, { size }) => sum + size, 0);
}

const percent = (part, whole) => Number(((100 * part) / whole).toFixed(1));

try {
  const zips = playwright();
  const figures = [];
  const details = {};
  for (const [name, env] of Object.entries(SIDES)) {
    const side = ours(name, env);
    details[name] = side;
    figures.push(
      { name: `added by a repeat ÷ first (${name})`, value: percent(side.added, side.first), unit: '%', target: '≤ 5', sides: { first: `${side.first} B`, repeat: `${side.added} B`, 'a repeat by file': JSON.stringify(side.added_by_kind) } },
      { name: `store ÷ Playwright's zips (${name})`, value: percent(side.total, zips), unit: '%', target: '≤ 5', sides: { store: `${side.total} B`, zips: `${zips} B` } },
    );
  }
  const counted = 'every byte of every file below the store, after the recorder finished; Playwright: the zips alone';
  console.log(JSON.stringify({ bench: 'dedup', repeats, counted, figures, details }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
