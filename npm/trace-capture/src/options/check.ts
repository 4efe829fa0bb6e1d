import { problems } from '../problems.js';
import { faultOf, meant, unknownName } from './rules.js';
import { NAMES, entryOf } from './table.js';
import type { TraceCaptureOptions } from './types.js';

/** Where options come from, and whether that place speaks for single tests only. */
export interface Place {
  readonly where: string;
  readonly perTest?: boolean;
}

/** The options that are right. Each of the others is told once, since a typo must not fail a suite, and falls to its default or to the safe side. */
export function checked({ where, perTest = false }: Place, options: unknown): TraceCaptureOptions {
  if (options === undefined || options === null) return {};
  if (typeof options !== 'object' || Array.isArray(options)) {
    tell(where, ['the options are not an object']);
    return {};
  }
  const kept: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const fault = faultIn(name, value, perTest);
    if (fault === undefined) kept[name] = value;
    else {
      faults.push(fault);
      Object.assign(kept, entryOf(meant(name, NAMES) ?? '')?.safe);
    }
  }
  tell(where, faults);
  return kept as TraceCaptureOptions;
}

/** Remembers faults of one place; a place that every test passes is told about once. */
export function tell(where: string, faults: readonly string[]): void {
  if (faults.length > 0 && !problems.has(where)) problems.add(where, new Error(faults.join(', ')));
}

function faultIn(name: string, value: unknown, perTest: boolean): string | undefined {
  const entry = entryOf(name);
  if (entry === undefined) return unknownName('option', name, NAMES);
  if (perTest && entry.scope === 'run') return `\`${name}\` is one for the whole run, so \`configure\` or the environment sets it`;
  const fault = faultOf(entry.rule, value);
  return fault === undefined ? undefined : `\`${name}\` ${fault}`;
}
