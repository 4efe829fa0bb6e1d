/**
 * Whether a store keeps a secret. Made-up secrets are used where such secrets are used, then told in every channel and encoding by a page and a
 * test that the real recorder records; afterwards every byte of the store is searched for them, in every encoding. The control is the same run
 * with redaction off: it has to find them, or the search would prove nothing.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { recover } from '@molar/trace-node';
import { scanStore } from './secrets/scan.mjs';
import { ENCODINGS, makeSecrets } from './secrets/values.mjs';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: `${Date.now()}` },
    'control-count': { type: 'string', default: '60' },
    zip: { type: 'string', default: 'on' },
    json: { type: 'boolean', default: false },
    show: { type: 'boolean', default: false },
  },
});
/** Secrets in one text. */
const TOGETHER = 25;
const here = dirname(fileURLToPath(import.meta.url));
const cli = join(dirname(createRequire(import.meta.url).resolve('@playwright/test/package.json')), 'cli.js');

/** Every secret in every encoding, some at a time. */
function texts(secrets) {
  return Object.entries(ENCODINGS).flatMap(([name, spell]) =>
    Array.from({ length: Math.ceil(secrets.length / TOGETHER) }, (_, n) =>
      `${name}: ${secrets.slice(n * TOGETHER, (n + 1) * TOGETHER).map(({ kind, text }) => `${kind} ${spell(text)}`).join(' ; ')}`));
}

/** The site answers from a thread of its own, because the runner is waited for synchronously here. */
async function startSite(secrets, told) {
  const code = `
    const { parentPort, workerData: { secrets, told } } = require('node:worker_threads');
    import(${JSON.stringify(new URL('secrets/site.mjs', import.meta.url).href)}).then(async ({ startSite }) => parentPort.postMessage((await startSite(secrets, told)).url));`;
  const site = new Worker(code, { eval: true, workerData: { secrets, told } });
  const url = await new Promise((resolve, reject) => { site.once('message', resolve); site.once('error', reject); });
  return { url, stop: async () => await site.terminate() };
}

/** One recorded run, and what its store gives away. */
async function run(count, redaction) {
  const folder = mkdtempSync(join(tmpdir(), 'molar-secrets-'));
  const secrets = makeSecrets(count, values.seed);
  const told = texts(secrets);
  const site = await startSite(secrets, told);
  try {
    writeFileSync(join(folder, 'secrets.json'), JSON.stringify({ secrets, told }));
    const env = {
      ...process.env, SECRETS_URL: site.url, SECRETS_FILE: join(folder, 'secrets.json'), SECRETS_REDACTION: redaction, SECRETS_ZIP: values.zip, MOLAR_TRACE_DIR: join(folder, 'store'),
      // A thousand secrets in six encodings take the archive's rewriting beyond what a test usually waits for on a busy machine.
      MOLAR_TRACE_DRAIN_MS: '60000',
      // Told by the name of the variable, and by the option that names the last one.
      ...Object.fromEntries(secrets.filter(({ kind }) => kind === 'environment').map(({ value }, n) => [`BENCH_${n}_SECRET`, value])),
      BENCH_SETTINGS: secrets.findLast(({ kind }) => kind === 'environment')?.value ?? '',
    };
    const ran = spawnSync(process.execPath, [cli, 'test', '--config', join(here, 'secrets/playwright.config.mjs'), '--output', join(folder, 'results')], { encoding: 'utf8', timeout: 1_200_000, maxBuffer: 1 << 30, env });
    // The test fails on purpose: its error is a channel too.
    if (ran.status !== 1 || /NOTHING IS RECORDED/.test(ran.stderr)) throw new Error(`the suite ended with ${ran.status}:\n${ran.stdout.slice(-4000)}${ran.stderr.slice(-4000)}`);
    // What a run leaves unfinished, the next one finishes as it starts.
    await recover(join(folder, 'store'));
    return { secrets: secrets.length, told: told.length, ...scanStore(join(folder, 'store'), secrets) };
  } finally {
    await site.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const distinct = (found) => new Set(found.map(({ value }) => value)).size;
const kept = await run(Number(values.count), 'on');
const control = await run(Number(values['control-count']), 'off');
if (values.show) for (const leak of kept.found.slice(0, 40)) process.stderr.write(`${leak.kind} in ${leak.file}: …${leak.around}\n`);
const leaks = [...new Set(kept.found.map(({ kind, file }) => `${kind} in ${file.split('/').slice(-3).join('/')}`))].slice(0, 20);
const figures = [
  {
    name: `secrets found in the store of ${kept.secrets} planted`, value: distinct(kept.found), unit: '', target: '= 0',
    sides: { 'texts told in each channel': kept.told, 'bytes searched': kept.bytes, files: kept.files, ...(leaks.length > 0 ? { leaks } : {}) },
  },
  {
    name: 'the control: secrets found without redaction', value: Number((distinct(control.found) / control.secrets).toFixed(3)), unit: '× planted', target: '= 1',
    sides: { found: distinct(control.found), planted: control.secrets, 'times in all': control.found.length },
  },
];
console.log(JSON.stringify({ bench: 'secrets', seed: values.seed, figures }));
