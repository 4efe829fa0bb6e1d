import type { Cloned, DatabaseDump, StoreDump } from './cloned.js';
import type { OnLost } from './rebuild.js';
import { rebuild } from './rebuild.js';

/**
 * Makes databases anew in this origin as they were recorded, key generators included. To be run in a page of a fresh
 * context before the app's own scripts: a connection of the app would block it.
 */
export async function restoreDatabases(databases: readonly DatabaseDump[], onLost: OnLost = () => undefined): Promise<void> {
  for (const dump of databases) {
    const values = await Promise.all(dump.stores.map(async (store) => await recordsOf(store, onLost)));
    const database = await create(dump);
    if (dump.stores.length > 0) await fill(database, dump.stores, values);
    database.close();
  }
}

type Records = readonly (readonly [unknown, unknown])[];

async function recordsOf({ records }: StoreDump, onLost: OnLost): Promise<Records> {
  return await Promise.all(records.map(async ([key, value]) => [await rebuild(key, onLost), await rebuild(value, onLost)] as const));
}

async function create(dump: DatabaseDump): Promise<IDBDatabase> {
  const request = indexedDB.open(dump.name, dump.version);
  request.onupgradeneeded = (): void => {
    for (const store of dump.stores) makeStore(request.result, store);
  };
  return await done(request);
}

function makeStore(database: IDBDatabase, { name, key_path, auto_increment, indexes }: StoreDump): void {
  const store = database.createObjectStore(name, { keyPath: asPath(key_path), autoIncrement: auto_increment });
  for (const index of indexes) store.createIndex(index.name, asPath(index.key_path) ?? '', { unique: index.unique, multiEntry: index.multi_entry });
}

function asPath(path: string | readonly string[] | null): string | string[] | null {
  return typeof path === 'string' || path === null ? path : [...path];
}

async function fill(database: IDBDatabase, stores: readonly StoreDump[], values: readonly Records[]): Promise<void> {
  const transaction = database.transaction(stores.map(({ name }) => name), 'readwrite');
  stores.forEach((dump, at) => {
    const store = transaction.objectStore(dump.name);
    for (const [key, value] of values[at] ?? []) {
      if (dump.key_path === null) store.put(value, key as IDBValidKey);
      else store.put(value);
    }
    advance(store, dump);
  });
  await new Promise<void>((resolve, reject) => {
    transaction.oncomplete = (): void => resolve();
    transaction.onabort = (): void => reject(transaction.error ?? new Error(`the database \`${database.name}\` was not restored`));
  });
}

/** A generator follows the greatest key it has seen, also of records that are gone: one such record moves it on. */
function advance(store: IDBObjectStore, { key_path, next_key, records }: StoreDump): void {
  if (next_key === undefined || next_key <= 1) return;
  const key = next_key - 1;
  if (records.some(([one]: readonly [Cloned, Cloned]) => one === key)) return;
  if (key_path === null) store.put(0, key);
  else store.put(atPath(String(key_path), key));
  store.delete(key);
}

function atPath(path: string, key: number): object {
  const [first = '', ...rest] = path.split('.');
  return { [first]: rest.length === 0 ? key : atPath(rest.join('.'), key) };
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = (): void => resolve(request.result);
    request.onerror = (): void => reject(request.error ?? new Error('the request failed'));
  });
}
