/** What a value of an option may be. */
export type Rule =
  | { readonly type: 'boolean' }
  | { readonly type: 'integer'; readonly min: number; readonly max: number; readonly unit?: 'ms' | 'bytes' }
  | { readonly type: 'number'; readonly min: number; readonly max: number }
  | { readonly type: 'text'; readonly pattern?: RegExp }
  | { readonly type: 'choice'; readonly of: readonly string[] }
  | { readonly type: 'list'; readonly of: Rule }
  | { readonly type: 'object'; readonly fields?: Readonly<Record<string, Rule>>; readonly required?: readonly string[] }
  | { readonly type: 'either'; readonly of: readonly Rule[] };

/** What is wrong with a value, worded to follow the option's name; `undefined` when nothing is. */
export function faultOf(rule: Rule, value: unknown): string | undefined {
  return fits(rule, value) ? inside(rule, value) : `should be ${wording(rule)}`;
}

/** A rule as a reader meets it in a message or a table. */
export function wording(rule: Rule): string {
  switch (rule.type) {
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `a whole number from ${rule.min} to ${rule.max}${rule.unit ? ` (${rule.unit})` : ''}`;
    case 'number':
      return `a number from ${rule.min} to ${rule.max}`;
    case 'text':
      return rule.pattern ? `text like ${rule.pattern.source}` : 'text';
    case 'choice':
      return `one of ${rule.of.map((word) => `\`${word}\``).join(', ')}`;
    case 'list':
      return `a list of ${rule.of.type === 'text' ? 'texts' : `${rule.of.type}s`}`;
    case 'object':
      return rule.fields ? `an object with ${Object.keys(rule.fields).map((name) => `\`${name}\``).join(', ')}` : 'an object';
    case 'either':
      return rule.of.map(wording).join(', or ');
  }
}

/** The known name that a wrong one probably meant: `maxBodyBytes`, `vidoe`, `screenshot`. */
export function meant(wrong: string, names: readonly string[]): string | undefined {
  const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const near = names.map((name) => ({ name, far: distance(plain(wrong), plain(name)) })).sort((left, right) => left.far - right.far)[0];
  return near && near.far <= Math.min(3, Math.max(1, Math.floor(near.name.length / 2.5))) ? near.name : undefined;
}

/** A name nobody knows, and the one that was probably meant. */
export function unknownName(what: string, wrong: string, names: readonly string[]): string {
  const guess = meant(wrong, names);
  return `there is no ${what} \`${wrong}\`${guess === undefined ? '' : `; did you mean \`${guess}\`?`}`;
}

function fits(rule: Rule, value: unknown): boolean {
  switch (rule.type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
      return Number.isInteger(value) && within(rule, value as number);
    case 'number':
      return typeof value === 'number' && within(rule, value);
    case 'text':
      return typeof value === 'string' && value !== '' && (rule.pattern?.test(value) ?? true);
    case 'choice':
      return typeof value === 'string' && rule.of.includes(value);
    case 'list':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'either':
      return rule.of.some((one) => fits(one, value));
  }
}

function within({ min, max }: { readonly min: number; readonly max: number }, value: number): boolean {
  return value >= min && value <= max;
}

function inside(rule: Rule, value: unknown): string | undefined {
  if (rule.type === 'either') {
    const chosen = rule.of.find((one) => fits(one, value));
    return chosen && inside(chosen, value);
  }
  if (rule.type === 'list') return first((value as readonly unknown[]).map((item, index) => prefixed(`[${index}]`, faultOf(rule.of, item))));
  if (rule.type !== 'object' || !rule.fields) return undefined;
  return fieldFault(rule.fields, rule.required ?? [], value as Readonly<Record<string, unknown>>);
}

function fieldFault(fields: Readonly<Record<string, Rule>>, required: readonly string[], value: Readonly<Record<string, unknown>>): string | undefined {
  const missing = required.find((name) => value[name] === undefined);
  if (missing !== undefined) return `lacks \`${missing}\``;
  return first(
    Object.entries(value).map(([name, item]) => {
      const rule = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (rule === undefined) return `has a wrong part: ${unknownName('name', name, Object.keys(fields))}`;
      return item === undefined ? undefined : prefixed(`.${name}`, faultOf(rule, item));
    }),
  );
}

function prefixed(place: string, fault: string | undefined): string | undefined {
  return fault === undefined ? undefined : `at \`${place}\` ${fault}`;
}

function first(faults: readonly (string | undefined)[]): string | undefined {
  return faults.find((fault) => fault !== undefined);
}

/** Edits from one word to another (Levenshtein). The words are option names, so the square of their length is small. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
