/** A cookie as `Storage.getCookies` names it. */
export interface StoredCookie {
  readonly name: string;
  readonly value: string;
  readonly expires?: number;
  readonly session?: boolean;
  readonly size?: number;
  readonly sourcePort?: number;
  readonly [field: string]: unknown;
}

/** What a document held; as the recorder's `document-state.ts` words it. */
export interface DocumentPart {
  readonly url: string;
  readonly title: string;
  readonly name: string;
  /** Whether another page opened it. */
  readonly opener?: boolean;
  readonly history: { readonly length: number; readonly state: unknown };
  readonly scroll: readonly { readonly at?: string; readonly x: number; readonly y: number }[];
  readonly focus?: { readonly at: string; readonly selection?: readonly [number, number] };
  readonly fields: readonly FieldPart[];
  readonly open: readonly { readonly at: string; readonly how: 'open' | 'modal' | 'popover' }[];
  readonly whole: boolean;
}

/** A form field. */
export interface FieldPart {
  readonly at: string;
  readonly type: string;
  readonly name?: string;
  readonly value?: string;
  readonly checked?: boolean;
  readonly selected?: readonly number[];
  readonly files?: readonly string[];
}

export type Pairs = readonly (readonly [string, string])[];

/** A page to bring back. */
export interface PageState {
  readonly page: string;
  readonly document: DocumentPart | undefined;
  /** Addresses up to the one it stands at. */
  readonly history: readonly string[];
  /** Addresses that it went back from. */
  readonly ahead: readonly string[];
  /** Session storage by origin. */
  readonly session: ReadonlyMap<string, Pairs>;
}

/** A context to bring back. */
export interface ContextState {
  readonly context: string;
  readonly cookies: readonly StoredCookie[];
  /** What belongs to an origin, whichever page asks. */
  readonly local: ReadonlyMap<string, Pairs>;
  readonly databases: ReadonlyMap<string, unknown>;
  readonly caches: ReadonlyMap<string, unknown>;
  readonly workers: ReadonlyMap<string, unknown>;
  readonly pages: readonly PageState[];
  /** What cannot be brought back, in words. */
  readonly lost: readonly string[];
}

type Parts = Readonly<Record<string, unknown>>;

/** Reads the state that the addon gives, context by context. */
export function readState(json: string): { readonly contexts: readonly ContextState[]; readonly reasons: readonly string[] } {
  const { contexts = {}, reasons = [] } = JSON.parse(json) as { readonly contexts?: Readonly<Record<string, Parts>>; readonly reasons?: readonly string[] };
  return { contexts: Object.entries(contexts).map(([context, parts]) => contextOf(context, parts)), reasons };
}

function contextOf(context: string, parts: Parts): ContextState {
  const lost: string[] = [];
  const local = new Map<string, Pairs>();
  const databases = new Map<string, unknown>();
  const caches = new Map<string, unknown>();
  const workers = new Map<string, unknown>();
  const mains = new Map<string, number>();
  const pages = new Map<string, { document: DocumentPart | undefined; history: string[]; ahead: string[]; session: Map<string, Pairs> }>();
  const page = (id: string): { document: DocumentPart | undefined; history: string[]; ahead: string[]; session: Map<string, Pairs> } => {
    const known = pages.get(id) ?? { document: undefined, history: [], ahead: [], session: new Map<string, Pairs>() };
    pages.set(id, known);
    return known;
  };
  for (const [name, value] of Object.entries(parts)) {
    if (value === null) continue;
    const [kind = '', first = '', second = ''] = name.split(' ');
    const key = second === '' ? first : second;
    // A third party's own storage belongs to a frame inside another site, which a page of its own does not open.
    if (key.includes('^')) lost.push(`the storage of a third party: ${name}`);
    else if (kind === 'local') local.set(originOf(first), value as Pairs);
    else if (kind === 'session') page(first).session.set(originOf(second), value as Pairs);
    else if (kind === 'indexeddb') databases.set(originOf(first), value);
    else if (kind === 'caches') caches.set(originOf(first), value);
    else if (kind === 'workers') workers.set(originOf(first), value);
    else if (kind === 'history') Object.assign(page(first), historyOf(value));
    else if (kind === 'document') {
      const [, id = first, frame = '0'] = /^(p\d+)f(\d+)$/.exec(first) ?? [];
      // A page's own document has the lowest number; those of its frames load with it again.
      if (Number(frame) <= (mains.get(id) ?? Infinity)) {
        mains.set(id, Number(frame));
        page(id).document = value as DocumentPart;
      }
    }
  }
  return {
    context, cookies: (parts['cookies'] as readonly StoredCookie[] | undefined) ?? [], local, databases, caches, workers, lost,
    // As they were made, which is not the order of their names from the tenth on.
    pages: [...pages].sort(([a], [b]) => Number(a.slice(1)) - Number(b.slice(1))).map(([id, parts]) => ({ page: id, ...parts })),
  };
}

function originOf(key: string): string {
  return key.replace(/\/$/, '');
}

function historyOf(value: unknown): Pick<PageState, 'history' | 'ahead'> {
  const { index = 0, entries = [] } = value as { readonly index?: number; readonly entries?: readonly { readonly url: string }[] };
  const addresses = entries.map(({ url }) => url);
  return { history: addresses.slice(0, index + 1), ahead: addresses.slice(index + 1) };
}
