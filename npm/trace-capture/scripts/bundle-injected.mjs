// Builds dist/injected/dom-recorder.js: the text of one function expression that takes the options as its argument.
// rrweb's bundle stands in it as the body of an inner function and not as a string, since a strict content security
// policy refuses to evaluate strings; calling that function again is what gives a recorder with fresh node ids.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { packagesIn, writeNotices } from './notices.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const outfile = join(root, 'dist', 'injected', 'dom-recorder.js');
const settings = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  metafile: true,
  minify: true,
  treeShaking: true,
  format: 'iife',
  target: 'es2022',
  charset: 'ascii',
  legalComments: 'none',
  logLevel: 'warning',
};
const SHADOWED = ['globalThis', 'Array', 'Date', 'setTimeout', 'clearTimeout', 'requestAnimationFrame', 'cancelAnimationFrame', 'console'];
const HIDDEN = ['define', 'exports', 'module'];

const bundled = new Set();

async function bundle(options) {
  const { outputFiles, metafile } = await build({ ...settings, ...options });
  for (const name of packagesIn(metafile)) bundled.add(name);
  return outputFiles[0].text;
}

/** rrweb tree-shaken to `record`, as a module whose default export evaluates it anew under other names. */
async function rrwebModule() {
  const body = await bundle({
    stdin: { contents: "export { record } from 'rrweb';", resolveDir: root },
    globalName: 'rrwebRecord',
  });
  return `export default (names) => (function (${[...SHADOWED, ...HIDDEN].join(', ')}) {
${body}
return rrwebRecord.record;
}).call({}, ${SHADOWED.map((name) => `names.${name}`).join(', ')});`;
}

const virtual = {
  name: 'molar-rrweb-record',
  setup(plugin) {
    plugin.onResolve({ filter: /^molar:rrweb-record$/ }, ({ path }) => ({ path, namespace: 'molar' }));
    plugin.onLoad({ filter: /.*/, namespace: 'molar' }, async () => ({ contents: await rrwebModule(), loader: 'js' }));
  },
};

const wrapper = await bundle({
  entryPoints: ['src/injected/main.ts'],
  globalName: 'molarDomRecorder',
  plugins: [virtual],
});
await mkdir(dirname(outfile), { recursive: true });
await writeFile(outfile, `(function (options) {\n${wrapper}\nmolarDomRecorder.install(options);\n})`);

// What reads the state of a document, evaluated in a world of its own, and what puts databases back into a page.
const reader = await bundle({ entryPoints: ['src/injected/state/reader.ts'], globalName: 'molarStateReader' });
await writeFile(join(root, 'dist', 'injected', 'state-reader.js'), `(function () {\n${reader}\nreturn molarStateReader.makeReader();\n})()`);
const restore = await bundle({ entryPoints: ['src/injected/state/restore.ts'], globalName: 'molarStateRestore' });
await writeFile(join(root, 'dist', 'injected', 'state-restore.js'), `(function (databases) {\n${restore}\nreturn molarStateRestore.restoreDatabases(databases);\n})`);
writeNotices([...bundled], join(root, 'dist'));
