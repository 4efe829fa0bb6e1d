import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const packageDir = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8'));
const temporary = (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'molar-generated-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
};

test('the committed loader and types are what the sources generate', () => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--check'], { cwd: packageDir, stdio: 'inherit' });
});

test('the platform packages are what the tool makes of package.json', (t) => {
  const directory = temporary(t);
  cpSync(join(packageDir, 'package.json'), join(directory, 'package.json'));
  execFileSync('npx', ['napi', 'create-npm-dirs', '--cwd', directory], { cwd: packageDir, stdio: 'ignore', shell: process.platform === 'win32' });
  const names = readdirSync(join(directory, 'npm')).sort();
  assert.equal(names.length, manifest.napi.targets.length);
  assert.deepEqual(readdirSync(join(packageDir, 'npm')).sort(), names);
  for (const name of names) {
    const read = (root) => JSON.parse(readFileSync(join(root, 'npm', name, 'package.json'), 'utf8'));
    assert.deepEqual(read(packageDir), read(directory), name);
  }
});

test('without the addon the loader says what it looked for and how to build it', (t) => {
  const directory = temporary(t);
  mkdirSync(join(directory, 'dist'));
  for (const file of ['dist', 'binding.cjs', 'package.json']) cpSync(join(packageDir, file), join(directory, file), { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, ['-e', "require('./dist/index.js')"], { cwd: directory, encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stderr, /AddonMissingError/);
  assert.match(stderr, /binding\.[a-z0-9-]+\.node/);
  assert.match(stderr, /npm run build -w npm\/trace-node/);
  assert.match(stderr, /code: 'ADDON_MISSING'/);
});
