import type { Fault } from './databases.js';
import { readDatabases } from './databases.js';
import type { DocumentState } from './document-state.js';
import { documentState, ScrollWatch } from './document-state.js';
import { Encoder } from './encode.js';

const MAX_CACHED_URLS = 200;

/** What is wanted at once: everything that is there to be read without waiting. */
export interface QuickQuestion {
  /** The last answer that arrived; what has not changed since is left out of the next. */
  readonly ack: number;
  /** Whether this frame answers for the storage of its origin. */
  readonly storage: boolean;
}

/** One instant of a frame. Each text is JSON; one that is missing has not changed. */
export interface QuickAnswer {
  readonly number: number;
  /** Whose storage this is. */
  readonly origin: string;
  readonly document?: string;
  /** Items as `[key, value]`, in order of key. */
  readonly local?: string;
  readonly session?: string;
}

/** What takes time. */
export interface SlowQuestion {
  readonly databases: boolean;
  readonly caches: boolean;
  readonly max_chars: number;
  readonly budget_ms: number;
}

/** Answer to a slow question; each text is JSON. */
export interface SlowAnswer {
  readonly origin: string;
  readonly databases?: string;
  readonly faults: readonly { readonly database: string; readonly fault: Fault }[];
  /** Kinds of values that could not be written, and how many of each. */
  readonly lost: readonly (readonly [string, number])[];
  readonly caches?: string;
  readonly workers?: string;
}

/** A named cache and the requests it answers. Bodies are left to the record of the network. */
export interface CacheState {
  readonly name: string;
  readonly requests: readonly { readonly method: string; readonly url: string }[];
  readonly truncated?: number;
}

/** A registered service worker. */
export interface WorkerState {
  readonly scope: string;
  readonly script: string;
  readonly state: string;
}

/** How many databases and caches there are. */
export interface LookAnswer {
  readonly origin: string;
  readonly databases: number;
  readonly caches: number;
}

/** The reader of one document, alone in a world of its own. */
export interface StateReader {
  quick(question: QuickQuestion): QuickAnswer;
  look(): Promise<LookAnswer>;
  slow(question: SlowQuestion): Promise<SlowAnswer>;
}

/** A reader for this document. */
export function makeReader(): StateReader {
  const scroll = new ScrollWatch();
  scroll.listen();
  let number = 0;
  let last: Record<string, string> = {};
  return {
    quick({ ack, storage }) {
      const now: Record<string, string> = { document: documentText(scroll) };
      if (storage) Object.assign(now, storageTexts());
      const known = ack === number ? last : {};
      number += 1;
      last = { ...known, ...now };
      const changed = Object.entries(now).filter(([name, text]) => known[name] !== text);
      return { number, origin: window.origin, ...Object.fromEntries(changed) };
    },
    look: lookAround,
    slow: async (question) => await slowly(question),
  };
}

async function lookAround(): Promise<LookAnswer> {
  const [databases = [], names = []] = await Promise.all([quietly(() => indexedDB.databases()), quietly(() => caches.keys())]);
  return { origin: window.origin, databases: databases.length, caches: names.length };
}

function documentText(scroll: ScrollWatch): string {
  const state: DocumentState = documentState(scroll);
  return JSON.stringify(state);
}

function storageTexts(): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, area] of [['local', 'localStorage'], ['session', 'sessionStorage']] as const) {
    try {
      texts[name] = itemsText(window[area]);
    } catch {
      // An opaque origin, or storage the browser denies to a frame of a third party: there is none to record.
    }
  }
  return texts;
}

function itemsText(storage: Storage): string {
  const keys = Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? '').sort();
  return JSON.stringify(keys.map((key) => [key, storage.getItem(key) ?? '']));
}

async function slowly({ databases, caches, max_chars, budget_ms }: SlowQuestion): Promise<SlowAnswer> {
  const started = performance.now();
  const late = (): boolean => performance.now() - started > budget_ms;
  const encoder = new Encoder(max_chars);
  const [read, cached, workers] = await Promise.all([
    databases ? quietly(() => readDatabases(encoder, late)) : undefined,
    caches ? quietly(readCaches) : undefined,
    quietly(readWorkers),
  ]);
  return {
    origin: window.origin,
    faults: read?.faults ?? [],
    lost: [...encoder.lost],
    ...(read ? { databases: JSON.stringify(read.databases) } : {}),
    ...(cached ? { caches: JSON.stringify(cached) } : {}),
    ...(workers ? { workers: JSON.stringify(workers) } : {}),
  };
}

/** Opaque origins and insecure pages have none of these, and say so by throwing. */
async function quietly<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}

async function readCaches(): Promise<CacheState[]> {
  const names = await caches.keys();
  return await Promise.all(
    names.map(async (name) => {
      const requests = await (await caches.open(name)).keys();
      const kept = requests.slice(0, MAX_CACHED_URLS).map(({ method, url }) => ({ method, url }));
      return { name, requests: kept, ...(requests.length > kept.length ? { truncated: requests.length - kept.length } : {}) };
    }),
  );
}

async function readWorkers(): Promise<WorkerState[]> {
  const registrations = await navigator.serviceWorker.getRegistrations();
  return registrations.map(({ scope, active, waiting, installing }) => {
    const worker = active ?? waiting ?? installing;
    return { scope, script: worker?.scriptURL ?? '', state: worker?.state ?? 'gone' };
  });
}
