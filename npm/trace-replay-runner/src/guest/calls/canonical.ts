/** Times that say how patient a call is, and not what it does. */
const PATIENCE = new Set(['timeout', 'noWaitAfter', 'waitTimeout']);
const PLACEHOLDER = /\[REDACTED:[a-z_]+:\d+\]/;

/** Parameters as they compare between a call and its record: objects by their kind, without patience. */
export function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (Buffer.isBuffer(value)) return '<Buffer>';
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return value;
  const guid: unknown = Reflect.get(value, 'guid') ?? Reflect.get(value, '_guid');
  if (typeof guid === 'string') return `<${kindOf(guid)}>`;
  const pairs = Object.entries(value).filter(([name, one]) => !PATIENCE.has(name) && one !== undefined);
  return Object.fromEntries(pairs.map(([name, one]) => [name, canonical(one)]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}

/** `page@0123…` and `<Page>` are the same. */
function kindOf(guid: string): string {
  return guid.split('@')[0]?.toLowerCase().replaceAll('-', '') ?? '';
}

/** Whether a call is the recorded one. Redacted parts of texts fit anything. */
export function fits(recorded: unknown, asked: unknown): boolean {
  if (typeof recorded === 'string') return typeof asked === 'string' && (recorded === asked || fitsText(recorded, asked));
  if (Array.isArray(recorded)) return Array.isArray(asked) && recorded.length === asked.length && recorded.every((one, at) => fits(one, asked[at]));
  if (typeof recorded !== 'object' || recorded === null) return recorded === asked;
  if (typeof asked !== 'object' || asked === null || Array.isArray(asked)) return false;
  const names = Object.keys(recorded);
  return names.length === Object.keys(asked).length && names.every((name) => fits(Reflect.get(recorded, name), Reflect.get(asked, name)));
}

function fitsText(recorded: string, asked: string): boolean {
  if (/^<\w+>$/.test(recorded)) return recorded.toLowerCase() === asked;
  if (!PLACEHOLDER.test(recorded)) return false;
  const parts = recorded.split(new RegExp(PLACEHOLDER, 'g')).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[\\s\\S]*')}$`).test(asked);
}
