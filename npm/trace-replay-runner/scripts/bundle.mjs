// Builds dist/guest.cjs: one CommonJS file, since the worker of a suite of either module system `require`s it; and beside it
// the scripts that run in pages.
import { copyFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const capture = dirname(createRequire(import.meta.url).resolve('@molar/trace-capture/package.json'));

await build({
  absWorkingDir: root,
  entryPoints: ['src/guest/index.ts'],
  outfile: join(root, 'dist', 'guest.cjs'),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  // What goes before a worker's script is the text of functions of this file, and stands in that script's first line.
  minifyWhitespace: true,
  external: ['@playwright/test', '@molar/trace-node'],
  logLevel: 'warning',
});
await copyFile(join(capture, 'dist', 'injected', 'state-restore.js'), join(root, 'dist', 'state-restore.js'));
