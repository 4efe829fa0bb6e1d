/** One line of the basket. */
export interface BasketLine { sku: string; name: string; priceCents: number; quantity: number; addedAt: Date }

const STORE = 'lines';

/** The basket, in IndexedDB, so that it survives reloads and restarts of the browser. */
export class BasketDb {
  readonly #db: IDBDatabase;

  private constructor(db: IDBDatabase) {
    this.#db = db;
  }

  /** Opens the database and creates it on first use. */
  static async open(): Promise<BasketDb> {
    const request = indexedDB.open('kettle-and-leaf', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'sku' });
    return new BasketDb(await settled(request));
  }

  /** All lines, oldest first. */
  async lines(): Promise<BasketLine[]> {
    const lines: BasketLine[] = await settled(this.#store('readonly').getAll());
    return lines.sort((a, b) => a.addedAt.getTime() - b.addedAt.getTime());
  }

  /** Adds pieces of an article, or takes some; a line without pieces goes away. */
  async add(line: Omit<BasketLine, 'quantity' | 'addedAt'>, pieces: number): Promise<void> {
    const store = this.#store('readwrite');
    const there: BasketLine | undefined = await settled(store.get(line.sku));
    const quantity = (there?.quantity ?? 0) + pieces;
    if (quantity > 0) await settled(store.put({ ...line, quantity, addedAt: there?.addedAt ?? new Date() }));
    else await settled(store.delete(line.sku));
  }

  /** Empties the basket. */
  async clear(): Promise<void> {
    await settled(this.#store('readwrite').clear());
  }

  #store(mode: IDBTransactionMode): IDBObjectStore {
    return this.#db.transaction(STORE, mode).objectStore(STORE);
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB failed'));
  });
}
