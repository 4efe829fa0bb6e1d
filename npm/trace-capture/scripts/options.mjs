// Writes options.schema.json and the table of docs/options.md from the one list of options in src/options. A test compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { published } from '../dist/options/publish.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
for (const { file, text } of published(root, (path) => readFileSync(path, 'utf8'))) writeFileSync(file, text);
