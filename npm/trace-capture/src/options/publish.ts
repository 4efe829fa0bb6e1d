import type { Rule } from './rules.js';
import { wording } from './rules.js';
import type { Entry } from './table.js';
import { TABLE } from './table.js';

type Schema = Readonly<Record<string, unknown>>;
/** What each option means, by its name. */
export type Meanings = Readonly<Record<string, string>>;

const FIELD = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*readonly (\w+)\?:/g;

/** The comments of the options in the text of `types.ts`: written once, read by editors, in the schema and in the docs. */
export function meaningsIn(source: string): Meanings {
  const body = source.slice(source.indexOf('export interface TraceCaptureOptions'));
  const plain = (comment: string): string => comment.replaceAll(/\s*\n\s*\*\s?/g, ' ').trim();
  return Object.fromEntries([...body.matchAll(FIELD)].map(([, comment = '', name = '']) => [name, plain(comment)]));
}

/** The JSON Schema (2020-12) of the options, for editors and for whoever generates configs. */
export function jsonSchema(meanings: Meanings): Schema {
  const properties = Object.entries(TABLE).map(([name, entry]) => [name, { description: meanings[name], ...schemaOf(entry.rule), ...defaultOf(entry) }]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Options of @molar/trace-capture',
    type: 'object',
    properties: Object.fromEntries(properties) as Schema,
    additionalProperties: false,
  };
}

/** The table of `docs/options.md`. */
export function markdownTable(meanings: Meanings): string {
  const rows = Object.entries(TABLE).map(([name, entry]) => {
    const value = 'default' in entry ? `\`${JSON.stringify(entry.default)}\`` : '';
    return `| \`${name}\` | ${escaped(wording(entry.rule))} | ${value} | ${entry.scope ?? 'test'} | ${escaped(meanings[name] ?? '')} |`;
  });
  return ['| option | value | default | scope | meaning |', '|---|---|---|---|---|', ...rows, ''].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}

function defaultOf(entry: Entry): Schema {
  return 'default' in entry ? { default: entry.default } : {};
}

function schemaOf(rule: Rule): Schema {
  switch (rule.type) {
    case 'boolean':
      return { type: 'boolean' };
    case 'integer':
    case 'number':
      return { type: rule.type, minimum: rule.min, maximum: rule.max };
    case 'text':
      return { type: 'string', minLength: 1, ...(rule.pattern ? { pattern: rule.pattern.source } : {}) };
    case 'choice':
      return { enum: rule.of };
    case 'list':
      return { type: 'array', items: schemaOf(rule.of) };
    case 'either':
      return { anyOf: rule.of.map(schemaOf) };
    case 'object':
      return { type: 'object', ...(rule.fields ? fieldsOf(rule.fields, rule.required) : {}) };
  }
}

function fieldsOf(fields: Readonly<Record<string, Rule>>, required: readonly string[] = []): Schema {
  const properties = Object.fromEntries(Object.entries(fields).map(([name, rule]) => [name, schemaOf(rule)]));
  return { properties, ...(required.length > 0 ? { required } : {}), additionalProperties: false };
}

/** A file that is made from the options. */
export interface Published {
  readonly file: string;
  readonly text: string;
}

/** The files made from the options, as they should be, given the package's directory. */
export function published(root: string, read: (path: string) => string): readonly Published[] {
  const meanings = meaningsIn(read(`${root}/src/options/types.ts`));
  const docs = `${root}/../../docs/options.md`;
  return [
    { file: `${root}/options.schema.json`, text: `${JSON.stringify(jsonSchema(meanings), null, 2)}\n` },
    { file: docs, text: read(docs).replace(/(<!-- options -->\n)[\s\S]*(<!-- end -->)/, (_, begin: string, end: string) => `${begin}${markdownTable(meanings)}${end}`) },
  ];
}
