// Builds the addon and regenerates its loader and types.
//
//   node scripts/build.mjs [--target TRIPLE] [--check]
//
// `napi build` itself always passes `--target` to cargo, which compiles every dependency a second time beside the rest of
// the workspace; cargo is called here without it, and the napi tool only generates. --check writes nothing and fails when
// the committed loader or types differ from what the sources say.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generateTypeDef, parseTriple, writeJsBinding } from '@napi-rs/cli';

const packageDir = resolve(fileURLToPath(import.meta.url), '../..');
const workspaceDir = resolve(packageDir, '../..');
const manifest = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8'));
const { values } = parseArgs({
  options: { target: { type: 'string' }, check: { type: 'boolean', default: false } },
});

const cargo = (args, options = {}) => execFileSync('cargo', args, { cwd: workspaceDir, stdio: 'inherit', ...options });
const triple = parseTriple(values.target ?? /host: (\S+)/.exec(execFileSync('rustc', ['-vV'], { encoding: 'utf8' }))[1]);
const targetDir = resolve(
  workspaceDir,
  JSON.parse(cargo(['metadata', '--format-version=1', '--no-deps'], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' })).target_directory,
);
const typeDefDir = join(targetDir, 'napi-types', triple.triple);

buildLibrary();
if (!values.check) placeLibrary();
await writeGenerated();

function buildLibrary() {
  mkdirSync(typeDefDir, { recursive: true });
  const env = { ...process.env, NAPI_TYPE_DEF_TMP_FOLDER: typeDefDir };
  // The macros write the types while the crate is compiled; a compilation without this variable has left none.
  const forced = existsSync(join(typeDefDir, 'trace-node')) ? {} : { NAPI_FORCE_BUILD_TRACE_NODE: `${Date.now()}` };
  const target = values.target === undefined ? [] : ['--target', values.target];
  cargo(['build', '--release', '--locked', '--package', 'trace-node', ...target], { env: { ...env, ...forced } });
}

/** Under a new name first: a process that has the old library mapped keeps it, and nobody loads half a file. */
function placeLibrary() {
  const names = { win32: 'trace_node.dll', darwin: 'libtrace_node.dylib' };
  const library = join(targetDir, values.target ?? '', 'release', names[triple.platform] ?? 'libtrace_node.so');
  const addon = join(packageDir, `binding.${triple.platformArchABI}.node`);
  copyFileSync(library, `${addon}.new`);
  strip(`${addon}.new`);
  renameSync(`${addon}.new`, addon);
  process.stderr.write(`built ${addon}\n`);
}

/**
 * Takes debug information out, which is four fifths of the file: a replay copies it with the rest of a suite's code. The library it
 * was copied from keeps it. Where there is no such tool the file stays as large as it is.
 */
function strip(file) {
  if (triple.platform !== 'linux' || values.target !== undefined) return;
  spawnSync('strip', ['--strip-debug', file], { stdio: 'ignore' });
}

async function writeGenerated() {
  const types = await generateTypeDef({ typeDefDir, cwd: packageDir });
  const outputDir = mkdtempSync(join(tmpdir(), 'molar-binding-'));
  await writeJsBinding({
    platform: true,
    idents: types.exports,
    jsBinding: 'binding.cjs',
    binaryName: manifest.napi.binaryName,
    packageName: manifest.napi.packageName,
    version: manifest.version,
    outputDir,
  });
  writeFileSync(join(outputDir, 'binding.d.cts'), types.dts);
  for (const file of ['binding.cjs', 'binding.d.cts']) settle(join(outputDir, file), join(packageDir, file));
  rmSync(outputDir, { recursive: true });
}

function settle(fresh, committed) {
  const text = readFileSync(fresh, 'utf8');
  if (existsSync(committed) && readFileSync(committed, 'utf8') === text) return;
  if (!values.check) {
    writeFileSync(committed, text);
    return;
  }
  process.stderr.write(`${committed} is stale: run \`npm run build -w npm/trace-node\` and commit it\n`);
  process.exitCode = 1;
}
