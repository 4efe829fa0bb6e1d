import type { Settings } from './options/index.js';

/** Names of variables that hold a secret by convention. */
const SECRET_NAME = /secret|token|passw|passphrase|api_?key|private_?key|access_?key|credential|(^|_)(pwd|pat|dsn)$/i;
/** What such a variable may hold without being one: a path, a switch, a number, a word. */
const ORDINARY = /^(\/|\.|[a-z]+$|[A-Z]+$|[\d.]+$|true|false|https?:\/\/[^@]*$)/;
const SHORTEST = 8;

/**
 * The core's redaction rules as JSON: the user's, with every value this process knows to be secret. Variables that are
 * named like secrets count without being asked for, because a page or a log repeats them sooner or later.
 */
export function redactionRules(settings: Settings, env: NodeJS.ProcessEnv = process.env): string {
  const { env: named, values, ...rules } = settings.redaction ?? {};
  const known = [
    ...strings(values),
    ...strings(named).map((name) => env[name] ?? ''),
    ...Object.entries(env).flatMap(([name, value]) => (isSecret(name, value) ? [value ?? ''] : [])),
    settings.key ?? '',
    ...settings.clones.map(({ token }) => token ?? ''),
  ];
  // Which field a test types into is known to the page only, so hiding some fields by a selector hides all that is typed.
  const typed = settings.mask_inputs !== 'sensitive';
  return JSON.stringify({ typed, ...rules, values: [...new Set(known.filter((value) => value !== ''))] });
}

function strings(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}

function isSecret(name: string, value = ''): boolean {
  return SECRET_NAME.test(name) && value.length >= SHORTEST && !ORDINARY.test(value);
}
