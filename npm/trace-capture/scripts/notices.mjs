// The licences of what is bundled travel with it. What was bundled is asked of the bundler, so that none is forgotten.
import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const WORKSPACE = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..', '..', '..');
/** Holders of packages that name a licence but ship no text of it. */
const HOLDERS = [[/rrweb|rrdom/, 'Copyright (c) 2018 Contributors (https://github.com/rrweb-io/rrweb/graphs/contributors) and SmartX Inc.']];
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY
CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`;

/** The packages whose files a bundle was made of. */
export function packagesIn(metafile) {
  const names = Object.keys(metafile.inputs).flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(names)];
}

/** Writes the notices of packages and of all they depend on, some of which come prebundled in them, and our own licences. */
export function writeNotices(names, dist) {
  const all = new Map();
  for (const name of names) collect(name, createRequire(join(WORKSPACE, 'package.json')), all);
  const parts = [...all.values()].sort((left, right) => left.name.localeCompare(right.name)).map(noticeOf);
  writeFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), `Software of others that is part of this package.\n\n${parts.join('\n')}`);
  for (const file of ['LICENSE-MIT', 'LICENSE-APACHE']) copyFileSync(join(WORKSPACE, file), join(dist, file));
}

function collect(name, require, all) {
  if (all.has(name)) return;
  const dir = directoryOf(name, require);
  // A package of types alone, or one that is prebundled and not installed: its parent's notice covers it.
  if (dir === undefined) return;
  const manifest = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
  all.set(name, { name, dir, version: manifest.version, license: manifest.license });
  for (const dependency of Object.keys(manifest.dependencies ?? {})) collect(dependency, createRequire(join(dir, 'package.json')), all);
}

function directoryOf(name, require) {
  return (require.resolve.paths(name) ?? []).map((path) => join(path, name)).find((path) => existsSync(join(path, 'package.json')));
}

function noticeOf({ name, dir, version, license }) {
  const file = readdirSync(dir).find((entry) => /^licen[cs]e/i.test(entry));
  const holder = HOLDERS.find(([pattern]) => pattern.test(name))?.[1];
  if (file === undefined && (holder === undefined || license !== 'MIT')) throw new Error(`${name} has no text of its licence (${license}); add its holder to scripts/notices.mjs`);
  const text = file === undefined ? `${holder}\n\n${MIT}` : readFileSync(join(dir, file), 'utf8').trim() + '\n';
  return `${'-'.repeat(80)}\n${name} ${version} (${license})\n\n${text}`;
}
