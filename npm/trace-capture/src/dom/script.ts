import { readFileSync } from 'node:fs';
import type { InjectedOptions } from '../injected/wire.js';

let text: string | undefined;

/** The init script with its options written in. Throws when the package was not built. */
export function initScript(options: InjectedOptions): string {
  text ??= readFileSync(new URL('../injected/dom-recorder.js', import.meta.url), 'utf8');
  return `${text}(${JSON.stringify(options)});`;
}
