import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const LIMIT_MS = 300_000;
const require = createRequire(import.meta.url);
/** Errors of npm that mean the registry, and not the packages, is what is wrong. */
const UNREACHABLE = /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENOTCACHED/;

/** The checkout whose packages are tried. */
export const WORKSPACE: string = join(PACKAGE, '..', '..');

/** What a command did. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The packages as the release publishes them. */
export interface Packed {
  readonly tarballs: readonly string[];
  /** What stands in the tarballs of code, by package. */
  readonly files: Readonly<Record<'capture' | 'node', readonly string[]>>;
}

/** A folder outside the workspace that is removed when the process ends. */
export function temporary(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `molar-${name}-`));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Runs a command without what this process inherited from npm and from recording. */
export async function command(program: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_package_|npm_lifecycle|INIT_CWD|NODE_TEST_CONTEXT|MOLAR_TRACE|FORCE_COLOR)/.test(name)));
  const child = spawn(program, args, { cwd, env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS, killSignal: 'SIGKILL', shell: process.platform === 'win32' });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => out.push(part));
  child.stderr.on('data', (part: Buffer) => err.push(part));
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? -1));
  });
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

/** Packs both packages and this platform's addon, as the release does it. */
export async function pack(into: string): Promise<Packed> {
  const node = dirname(dirname(require.resolve('@molar/trace-node')));
  const addon = readdirSync(node).find((name) => /^binding\..+\.node$/.test(name));
  if (addon === undefined) throw new Error(`no addon in ${node}: run \`npm run build -w @molar/trace-node\``);
  const platform = join(into, 'platform');
  cpSync(join(node, 'npm', addon.split('.')[1] ?? ''), platform, { recursive: true });
  cpSync(join(node, addon), join(platform, addon));
  await strip(join(platform, addon));
  const capture = await packOne(PACKAGE, into);
  const binding = await packOne(node, into);
  const native = await packOne(platform, into);
  return { tarballs: [native.tarball, binding.tarball, capture.tarball], files: { capture: capture.files, node: binding.files } };
}

/** The release is built without symbols; here they would be 70 MB to compress. Where there is no `strip`, that only takes longer. */
async function strip(addon: string): Promise<void> {
  if (process.platform !== 'linux') return;
  await command('strip', [addon], dirname(addon)).catch((cause: unknown) => process.stderr.write(`the addon is packed with its symbols: ${String(cause)}\n`));
}

async function packOne(dir: string, into: string): Promise<{ tarball: string; files: readonly string[] }> {
  const done = await command('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', into], dir);
  if (done.code !== 0) throw new Error(`npm pack in ${dir} failed: ${done.stderr}`);
  const answer = JSON.parse(done.stdout) as Packing | readonly Packing[] | Readonly<Record<string, Packing>>;
  const packing = packingOf(answer);
  return { tarball: join(into, packing.filename), files: packing.files.map(({ path }) => path) };
}

interface Packing {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** npm 10 prints a list, npm 11 an object by package name. */
function packingOf(answer: Packing | readonly Packing[] | Readonly<Record<string, Packing>>): Packing {
  const [first] = 'filename' in answer ? [answer as Packing] : Object.values(answer);
  if (first === undefined) throw new Error('npm pack told no package');
  return first;
}

/** Makes a project with the packages installed; undefined when the registry cannot be reached. */
export async function install(packed: Packed): Promise<string | undefined> {
  const dir = temporary('newcomer');
  const version = (require('@playwright/test/package.json') as { version: string }).version;
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'newcomer', version: '1.0.0', private: true }));
  const args = ['install', '--save-dev', '--prefer-offline', '--no-audit', '--no-fund', '--fetch-retries=1', '--fetch-timeout=20000', ...packed.tarballs, `@playwright/test@${version}`];
  const done = await command('npm', args, dir, { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' });
  if (done.code === 0) return dir;
  if (UNREACHABLE.test(done.stderr)) return undefined;
  throw new Error(`npm install failed: ${done.stderr}`);
}

/** One way to write a project. */
export interface Flavour {
  readonly type: 'commonjs' | 'module';
  readonly language: 'js' | 'ts';
}

/** Writes the two files a newcomer has: a config with the line of the README, and a spec that fails. */
export function write(dir: string, { type, language }: Flavour): void {
  const manifest = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as object;
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ ...manifest, type }));
  const commonJs = type === 'commonjs' && language === 'js';
  const imported = (what: string, from: string): string => (commonJs ? `const ${what} = require('${from}');` : `import ${what} from '${from}';`);
  const line = commonJs ? "require('@molar/trace-capture/register');" : "import '@molar/trace-capture/register';";
  const config = `${line}\n${imported('{ defineConfig }', '@playwright/test')}\n${commonJs ? 'module.exports =' : 'export default'} defineConfig({ testDir: 'specs', reporter: 'line', use: { launchOptions: ${JSON.stringify(launchOptions())} } });\n`;
  for (const name of ['specs', '.molar', 'test-results']) rmSync(join(dir, name), { recursive: true, force: true });
  for (const name of ['js', 'ts']) rmSync(join(dir, `playwright.config.${name}`), { force: true });
  mkdirSync(join(dir, 'specs'));
  writeFileSync(join(dir, `playwright.config.${language}`), config);
  writeFileSync(join(dir, 'specs', `upgrade.spec.${language}`), `${imported('{ expect, test }', '@playwright/test')}\n${SPEC}`);
}

const SPEC = `
test('the plan is upgraded', async ({ page }) => {
  await page.setContent('<p id="plan">free</p><button onclick="console.error(\\'no such plan\\')">Upgrade</button>');
  await test.step('upgrade', async () => {
    await page.getByRole('button', { name: 'Upgrade' }).click();
  });
  await expect(page.locator('#plan')).toHaveText('pro', { timeout: 500 });
});
`;

function launchOptions(): object {
  const named = process.env['MOLAR_CHROMIUM'] ?? (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined);
  return { args: ['--no-sandbox'], ...(named === undefined ? {} : { executablePath: named }) };
}
