import type { Cdp } from '../network/cdp-session.js';
import type { SlowAnswer } from '../injected/state/reader.js';
import type { FrameWorld } from './frame-world.js';
import type { Origins } from './origins.js';

/** What is slow to read of one storage key. */
export interface SlowReading extends SlowAnswer {
  readonly storageKey: string;
}

interface Changed {
  readonly storageKey: string;
}

/** How much of what a page keeps is read at most. */
export interface SlowLimits {
  readonly max_chars: number;
  readonly budget_ms: number;
}

/** Databases, caches and workers of the storage keys of one debugging target, read only when they may have changed. */
export class Stores {
  readonly #cdp: Cdp;
  readonly #origins: Origins;
  readonly #hasWorkers: () => boolean;
  /** Storage keys whose databases or caches changed since they were read. */
  readonly #dirtyDatabases = new Set<string>();
  readonly #dirtyCaches = new Set<string>();
  readonly #followed = new Set<string>();
  /** Storage keys that were followed before anything could be kept under them. */
  readonly #fromStart = new Set<string>();
  /** How often the browser told of a change, by storage key. */
  readonly #changes = new Map<string, number>();
  /** First looks that are on their way. */
  readonly #looks = new Map<string, Promise<void>>();
  /** Storage keys that a database or cache was ever seen of. */
  readonly #inUse = new Set<string>();
  /** What a first look found, until it is read. */
  readonly #found = new Map<string, SlowReading>();

  constructor(cdp: Cdp, origins: Origins, hasWorkers: () => boolean) {
    this.#cdp = cdp;
    this.#origins = origins;
    this.#hasWorkers = hasWorkers;
  }

  event(method: string, { storageKey }: Changed): void {
    if (method.startsWith('Storage.indexedDB')) this.#dirtyDatabases.add(storageKey);
    else if (method.startsWith('Storage.cacheStorage')) this.#dirtyCaches.add(storageKey);
    else return;
    this.#changes.set(storageKey, this.#told(storageKey) + 1);
  }

  /** The first document of an origin may come soon. */
  expect(storageKey: string): void {
    if (this.#followed.has(storageKey) || !this.#origins.isUntouched(storageKey)) return;
    // What is sent here is answered before the document is told that could keep something, or does not count.
    const tracked = (): void => {
      if (this.#origins.isUntouched(storageKey)) this.#fromStart.add(storageKey);
    };
    this.#track(storageKey).then(tracked, ignore);
  }

  /** Follows the storage key of a document from now on. Whether it was not followed before. */
  follow(world: FrameWorld, storageKey: string): boolean {
    if (this.#followed.has(storageKey)) return false;
    this.#followed.add(storageKey);
    if (this.#fromStart.has(storageKey)) return true;
    this.#dirty(storageKey);
    this.#track(storageKey).catch(ignore);
    this.#looks.set(storageKey, this.#firstLook(world, storageKey));
    return true;
  }

  /**
   * Resolves when changes of the time before now have been told, but for those that `read` finds itself. The browser
   * tells of a change when it makes it, so before it answers a page that asks for the same databases afterwards.
   */
  async settled(worlds: readonly FrameWorld[]): Promise<void> {
    const asked = [...byKey(worlds)].map(async ([storageKey, world]) => {
      const look = this.#looks.get(storageKey);
      if (look !== undefined) await look;
      else if (this.#inUse.has(storageKey)) await world.look().catch(ignore);
    });
    await Promise.all(asked);
  }

  /** Reads what changed, or all of it, of the documents given. What is looked at for the first time can wait until it is known to be anything. */
  async read(worlds: readonly FrameWorld[], all: boolean, limits: SlowLimits): Promise<SlowReading[]> {
    const read = await Promise.all([...byKey(worlds)].map(async ([storageKey, world]) => await this.#read(storageKey, world, all, limits)));
    return read.filter((one) => one !== undefined);
  }

  /** Whether something is known of these documents that was not read. */
  hasNews(worlds: readonly FrameWorld[]): boolean {
    const known = [this.#dirtyDatabases, this.#dirtyCaches, this.#found];
    return [...byKey(worlds).keys()].some((storageKey) => known.some((keys) => keys.has(storageKey)));
  }

  /** What was read is of no use. */
  forget(): void {
    for (const storageKey of this.#followed) this.#dirty(storageKey);
  }

  async #read(storageKey: string, world: FrameWorld, all: boolean, limits: SlowLimits): Promise<SlowReading | undefined> {
    if (!all && this.#looks.has(storageKey)) return undefined;
    const isAsked = all && !this.#isUnused(storageKey);
    const databases = this.#dirtyDatabases.delete(storageKey) || isAsked;
    const caches = this.#dirtyCaches.delete(storageKey) || isAsked;
    const found = this.#found.get(storageKey);
    this.#found.delete(storageKey);
    if (!databases && !caches && !this.#hasWorkers()) return found;
    try {
      const answer = await world.slow({ databases, caches, ...limits });
      if (!world.belongsTo(answer.origin)) {
        this.#dirty(storageKey);
        return undefined;
      }
      // What was not read whole is asked for again at the next boundary.
      if (answer.faults.some(({ fault }) => fault === 'too_slow' || fault === 'blocked')) this.#dirtyDatabases.add(storageKey);
      if ([answer.databases, answer.caches].some((text) => text !== undefined && text !== '[]')) this.#inUse.add(storageKey);
      return { ...found, ...answer, storageKey, ...(await this.#generators(storageKey, answer.databases)) };
    } catch {
      // The document was replaced meanwhile; another of its origin answers at the next boundary.
      this.#dirty(storageKey);
      return undefined;
    }
  }

  /**
   * Most origins keep nothing, which is found out while their first document loads rather than at the boundary after it.
   * The first question makes the browser lay out a place for databases and tell of it, so only the second one counts.
   */
  async #firstLook(world: FrameWorld, storageKey: string): Promise<void> {
    try {
      await world.look();
      const told = this.#told(storageKey);
      const { origin, databases, caches } = await world.look();
      if (!world.belongsTo(origin)) return;
      if (databases || caches) this.#inUse.add(storageKey);
      if (told !== this.#told(storageKey)) return;
      if (!databases) this.#dirtyDatabases.delete(storageKey);
      if (!caches) this.#dirtyCaches.delete(storageKey);
      this.#found.set(storageKey, { storageKey, origin, faults: [], lost: [], ...(databases ? {} : { databases: '[]' }), ...(caches ? {} : { caches: '[]' }) });
    } catch {
      // The document was replaced meanwhile; the next boundary reads what there is.
    } finally {
      this.#looks.delete(storageKey);
    }
  }

  /** Whether nothing ever was kept under this storage key. */
  #isUnused(storageKey: string): boolean {
    return this.#fromStart.has(storageKey) && this.#told(storageKey) === 0;
  }

  async #track(storageKey: string): Promise<unknown> {
    const kinds = ['IndexedDB', 'CacheStorage'];
    return await Promise.all(kinds.map(async (kind) => await this.#cdp.send(`Storage.track${kind}ForStorageKey`, { storageKey })));
  }

  #told(storageKey: string): number {
    return this.#changes.get(storageKey) ?? 0;
  }

  #dirty(storageKey: string): void {
    this.#dirtyDatabases.add(storageKey);
    this.#dirtyCaches.add(storageKey);
  }

  /** A generator's next key cannot be read by a page without using it up. */
  async #generators(storageKey: string, text: string | undefined): Promise<{ databases?: string }> {
    if (text === undefined || !text.includes('"auto_increment":true')) return {};
    const databases = JSON.parse(text) as { name: string; stores: { name: string; auto_increment: boolean; next_key?: number }[] }[];
    const asked = databases.flatMap(({ name, stores }) =>
      stores.filter((store) => store.auto_increment).map(async (store) => {
        const question = { storageKey, databaseName: name, objectStoreName: store.name };
        const answer = (await this.#cdp.send('IndexedDB.getMetadata', question).catch(ignore)) as { keyGeneratorValue: number } | undefined;
        if (answer !== undefined) store.next_key = answer.keyGeneratorValue;
      }),
    );
    await Promise.all(asked);
    return { databases: JSON.stringify(databases) };
  }
}

/** One document of each storage key. */
function byKey(worlds: readonly FrameWorld[]): Map<string, FrameWorld> {
  return new Map(worlds.flatMap((world) => (world.storageKey === undefined ? [] : [[world.storageKey, world] as const])));
}

function ignore(): undefined {
  return undefined;
}
