// Builds what is shipped beside the modules of tsc: one CommonJS bundle that `require` gets, and thin ES modules over the
// same bundle that `import` gets. One bundle for both, because a config and a spec of different module systems must share
// one recorder per process, and because Node 20 cannot `require` ES modules.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { packagesIn } from './notices.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'dist', 'cjs');
const NAMES = ['test', 'expect', 'fixtures', 'trace', 'configure', 'register'];

const { metafile } = await build({
  absWorkingDir: root,
  metafile: true,
  entryPoints: ['src/bundle.ts'],
  outfile: join(out, 'capture.cjs'),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['@playwright/test', '@playwright/test/*', '@molar/trace-node'],
  define: { 'import.meta.url': '__molarUrl' },
  banner: { js: "const __molarUrl = require('node:url').pathToFileURL(__filename).href;" },
  logLevel: 'warning',
});

if (packagesIn(metafile).length > 0) throw new Error(`${packagesIn(metafile).join(', ')}: bundled without a notice of its licence`);

await build({
  absWorkingDir: root,
  entryPoints: ['src/client.ts'],
  outfile: join(out, 'client.cjs'),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  logLevel: 'warning',
});

const files = {
  'index.cjs': "module.exports = require('./capture.cjs');\n",
  'index.mjs': `import capture from './capture.cjs';\nexport const { ${NAMES.join(', ')} } = capture;\n`,
  'register.cjs': "require('./capture.cjs').register();\n",
  'register.mjs': "import capture from './capture.cjs';\ncapture.register();\n",
  'reporter.cjs': "module.exports = require('./capture.cjs').TraceReporter;\n",
  'reporter.mjs': "import capture from './capture.cjs';\nexport default capture.TraceReporter;\n",
  'client.mjs': "import client from './client.cjs';\nexport const { appendEvent, flushEvents } = client;\n",
  'client.d.cts': "import type * as client from '../client.js' with { 'resolution-mode': 'import' };\nexport declare const appendEvent: typeof client.appendEvent;\nexport declare const flushEvents: typeof client.flushEvents;\nexport type AppendOptions = client.AppendOptions;\n",
  // CommonJS users of TypeScript get the same types; an ES module's types cannot be imported there without saying so.
  'index.d.cts': `import type * as capture from '../index.js' with { 'resolution-mode': 'import' };\n${NAMES.map((name) => `export declare const ${name}: typeof capture.${name};`).join('\n')}\nexport type CloneOptions = capture.CloneOptions;\nexport type TraceApi = capture.TraceApi;\nexport type TraceCaptureOptions = capture.TraceCaptureOptions;\nexport type TraceFixtures = capture.TraceFixtures;\n`,
  'register.d.cts': 'export {};\n',
};
await mkdir(out, { recursive: true });
for (const [name, text] of Object.entries(files)) await writeFile(join(out, name), text);
