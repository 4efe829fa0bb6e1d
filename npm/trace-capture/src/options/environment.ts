import { checked, tell } from './check.js';
import type { Rule } from './rules.js';
import { meant } from './rules.js';
import { NAMES, TABLE } from './table.js';
import type { TraceCaptureOptions } from './types.js';

const PREFIX = 'MOLAR_TRACE_';
const WHERE = 'the environment';
const NO: readonly string[] = ['0', 'false', 'off', 'no'];
const YES: readonly string[] = ['1', 'true', 'on', 'yes'];
/** A shorter name is near to too many others to guess that it was misspelt. */
const SHORTEST_GUESS = 5;

/** The options that environment variables choose: `MOLAR_TRACE_` and the name in capitals. */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): TraceCaptureOptions {
  const found: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, { rule }] of Object.entries(TABLE)) {
    const text = env[variable(name)];
    // CI systems set a variable whose secret is absent to nothing. Traces in a directory of no name are a mistake, though.
    if (text === '' && name === 'dir') faults.push(`\`${variable(name)}\` is empty; unset it, or name a directory`);
    if (text !== undefined && text !== '') found[name] = parsed(rule, text);
  }
  // What a replay hands to everything it starts, so that one variable seeds them all.
  if (env['MOLAR_REPLAY_RNG_SEED']) found['rng_seed'] = env['MOLAR_REPLAY_RNG_SEED'];
  if (NO.includes(env['MOLAR_TRACE']?.toLowerCase() ?? '')) found['enabled'] = false;
  tell(WHERE, [...faults, ...misspelt(env)]);
  return checked({ where: WHERE }, found);
}

function variable(name: string): string {
  return `${PREFIX}${name.toUpperCase()}`;
}

/** Other programs' variables begin like ours as well, so only a name close to an option's is doubted. */
function misspelt(env: Readonly<Record<string, string | undefined>>): string[] {
  const guessable = NAMES.filter((name) => name.length >= SHORTEST_GUESS);
  return Object.keys(env).flatMap((key) => {
    if (!key.startsWith(PREFIX)) return [];
    const name = key.slice(PREFIX.length).toLowerCase();
    const guess = NAMES.includes(name) ? undefined : meant(name, guessable);
    return guess === undefined ? [] : [`there is no \`${key}\`; did you mean \`${variable(guess)}\`?`];
  });
}

/** Text as the value it stands for. What cannot be read stays text, which the check then refuses by name. */
function parsed(rule: Rule, text: string): unknown {
  switch (rule.type) {
    case 'text':
    case 'choice':
      return text;
    case 'boolean':
      return NO.includes(text.toLowerCase()) ? false : YES.includes(text.toLowerCase()) ? true : text;
    case 'integer':
    case 'number':
      return Number(text);
    case 'list':
      return json(text) ?? text.split(',').map((item) => item.trim());
    case 'object':
      return json(text) ?? text;
    case 'either':
      return either(rule.of, text);
  }
}

function either(rules: readonly Rule[], text: string): unknown {
  for (const rule of rules) {
    const value = parsed(rule, text);
    if (rule.type === 'choice' ? rule.of.includes(text) : value !== text) return value;
  }
  return text;
}

/** Lists of selectors are written by hand in CI files, where a comma is what people try first. */
function json(text: string): unknown {
  try {
    return /^\s*[[{]/.test(text) ? (JSON.parse(text) as unknown) : undefined;
  } catch {
    // Not JSON: a selector such as `[data-test]` begins like it.
    return undefined;
  }
}
