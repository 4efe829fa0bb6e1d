import type { Cloned, DatabaseDump, IndexDump, RecordDump, StoreDump } from './cloned.js';
import { TooMuch } from './encode.js';
import type { Encoder } from './encode.js';

const RECORDS_AT_ONCE = 500;

/** Why databases are missing from what was read, or not whole. */
export type Fault = 'too_big' | 'too_slow' | 'blocked' | 'failed';

/** What was read, and what is missing from it. */
export interface DatabasesRead {
  readonly databases: readonly DatabaseDump[];
  readonly faults: readonly { readonly database: string; readonly fault: Fault }[];
}

/** Time is asked for, never waited for: past the deadline reading stops where it is. */
export type Late = () => boolean;

/**
 * Reads every database of this origin. A read-only transaction holds up the page's own writes, so reading gives up at
 * the deadline; a database that the page is upgrading or deleting is let go at once.
 */
export async function readDatabases(encoder: Encoder, late: Late): Promise<DatabasesRead> {
  const databases: DatabaseDump[] = [];
  const faults: DatabasesRead['faults'][number][] = [];
  for (const { name = '', version = 0 } of await indexedDB.databases()) {
    const { left } = encoder;
    try {
      databases.push(await readDatabase(name, version, encoder, late));
    } catch (cause) {
      encoder.left = left;
      faults.push({ database: name, fault: faultOf(cause) });
    }
  }
  databases.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { databases, faults };
}

class TooSlow extends Error {}
class Blocked extends Error {}

function faultOf(cause: unknown): Fault {
  if (cause instanceof TooMuch) return 'too_big';
  if (cause instanceof TooSlow) return 'too_slow';
  return cause instanceof Blocked ? 'blocked' : 'failed';
}

async function readDatabase(name: string, version: number, encoder: Encoder, late: Late): Promise<DatabaseDump> {
  const database = await open(name, version, late);
  try {
    const names = [...database.objectStoreNames];
    if (names.length === 0) return { name, version: database.version, stores: [] };
    const transaction = database.transaction(names, 'readonly');
    const stores: StoreDump[] = [];
    for (const store of names) stores.push(await readStore(transaction.objectStore(store), encoder, late));
    await encoder.settle();
    return { name, version: database.version, stores };
  } finally {
    database.close();
  }
}

/** Opens what is there. A database that is gone meanwhile would be made anew: that is undone. */
function open(name: string, version: number, late: Late): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    let given = false;
    const timer = setInterval(() => {
      if (late()) giveUp(new Blocked());
    }, 10);
    const giveUp = (cause: Error): void => {
      given = true;
      clearInterval(timer);
      reject(cause);
    };
    request.onupgradeneeded = (): void => {
      request.transaction?.abort();
      giveUp(new Blocked());
    };
    request.onblocked = (): void => giveUp(new Blocked());
    request.onerror = (event): void => {
      event.preventDefault();
      giveUp(new Blocked());
    };
    request.onsuccess = (): void => {
      const { result } = request;
      result.onversionchange = (): void => result.close();
      clearInterval(timer);
      if (given) result.close();
      else resolve(result);
    };
  });
}

async function readStore(store: IDBObjectStore, encoder: Encoder, late: Late): Promise<StoreDump> {
  const { name, keyPath, autoIncrement } = store;
  const indexes = [...store.indexNames].map((index) => describeIndex(store.index(index)));
  return { name, key_path: keyPath, auto_increment: autoIncrement, indexes, records: await readRecords(store, encoder, late) };
}

function describeIndex({ name, keyPath, unique, multiEntry }: IDBIndex): IndexDump {
  return { name, key_path: keyPath, unique, multi_entry: multiEntry };
}

async function readRecords(store: IDBObjectStore, encoder: Encoder, late: Late): Promise<RecordDump[]> {
  const records: RecordDump[] = [];
  for (let range: IDBKeyRange | null = null; ; ) {
    const [keys, values] = await Promise.all([
      answer(store.getAllKeys(range, RECORDS_AT_ONCE)),
      answer(store.getAll(range, RECORDS_AT_ONCE) as IDBRequest<unknown[]>),
    ]);
    keys.forEach((key, at) => records.push([encoder.encode(key), encoder.encode(values[at])] satisfies [Cloned, Cloned]));
    const last = keys.at(-1);
    if (last === undefined || keys.length < RECORDS_AT_ONCE) return records;
    if (late()) throw new TooSlow();
    range = IDBKeyRange.lowerBound(last, true);
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = (): void => resolve(request.result);
    request.onerror = (event): void => {
      event.preventDefault();
      reject(request.error ?? new Error('the request failed'));
    };
  });
}
