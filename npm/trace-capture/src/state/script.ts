import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';

/** Name of the isolated worlds in which documents are read. */
export const WORLD: string = `molar_state_${randomBytes(4).toString('hex')}`;

const texts = new Map<string, string>();

/** An expression that gives a reader of the document it is evaluated in. Throws when the package was not built. */
export function readerScript(): string {
  return built('state-reader.js');
}

/** A function expression that takes recorded databases and makes them anew in the page it is evaluated in. */
export function restoreScript(): string {
  return built('state-restore.js');
}

function built(file: string): string {
  const text = texts.get(file) ?? readFileSync(new URL(`../injected/${file}`, import.meta.url), 'utf8');
  texts.set(file, text);
  return text;
}
