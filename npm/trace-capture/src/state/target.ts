import type { Cdp } from '../network/cdp-session.js';
import { tell } from '../network/hub.js';
import type { DocumentState } from '../injected/state/document-state.js';
import type { QuickAnswer, SlowAnswer } from '../injected/state/reader.js';
import { FrameWorld } from './frame-world.js';
import type { ItemEvent, ItemsText, StorageId } from './items.js';
import { ItemMirror } from './items.js';

const MAX_FRAMES = 64;

interface FrameTree {
  readonly frame: { readonly id: string };
  readonly childFrames?: readonly FrameTree[];
}

interface HistoryAnswer {
  readonly currentIndex: number;
  readonly entries: readonly { readonly url: string; readonly title: string; readonly transitionType: string }[];
}

/** What a target told at once. */
export interface TargetReading {
  /** Frames that are there now. */
  readonly frames: readonly string[];
  readonly documents: readonly { readonly frameId: string; readonly text: string }[];
  readonly items: readonly ItemsText[];
  readonly history?: string;
  readonly missing: number;
}

/** What is slow to read of one storage key. */
export interface SlowReading extends SlowAnswer {
  readonly storageKey: string;
}

/** The state of one debugging target: a page with the frames of its process, or a frame in a process of its own. */
export class StateTarget {
  readonly #cdp: Cdp;
  readonly #worlds = new Map<string, FrameWorld>();
  readonly #mirror = new ItemMirror();
  readonly #tracked = new Set<string>();
  /** Storage keys whose databases or caches changed since they were read. */
  readonly #dirtyDatabases = new Set<string>();
  readonly #dirtyCaches = new Set<string>();
  readonly isPage: boolean;
  /** Whether a database or cache was ever seen; that they may have changed is told of every new document. */
  #hasDatabases = false;
  /** Whether documents came or went since the last reading. */
  #moved = false;
  #listening = true;
  /** Whether the list of visited pages may have changed since it was read. */
  #travelled = true;
  /** What the page's documents said of themselves that the list of visited pages says as well. */
  readonly #names = new Map<string, string>();
  readonly #hasWorkers: () => boolean;

  /** `hasWorkers` says whether the context ever had a service worker, without which nobody needs to be asked for any. */
  constructor(cdp: Cdp, isPage: boolean, hasWorkers: () => boolean) {
    this.#cdp = cdp;
    this.isPage = isPage;
    this.#hasWorkers = hasWorkers;
  }

  /** Sent in one batch and not waited for, so that the target can run on at once. */
  enable(): void {
    tell(this.#cdp, 'Page.enable');
    tell(this.#cdp, 'DOMStorage.enable');
    void this.#cdp.send('Page.getFrameTree').then((answer) => this.#adopt((answer as { frameTree: FrameTree }).frameTree), ignore);
  }

  event(method: string, params: unknown): void {
    switch (method) {
      case 'Page.navigatedWithinDocument':
        this.#travelled = true;
        return;
      case 'Page.frameNavigated':
        this.#travelled = true;
        return this.#open((params as { frame: { id: string } }).frame.id, true);
      case 'Page.frameAttached':
        return this.#open((params as { frameId: string }).frameId, false);
      case 'Page.frameDetached':
        this.#worlds.delete((params as { frameId: string }).frameId);
        this.#names.delete((params as { frameId: string }).frameId);
        return;
      case 'Storage.indexedDBContentUpdated':
      case 'Storage.indexedDBListUpdated':
        this.#dirtyDatabases.add((params as { storageKey: string }).storageKey);
        return;
      case 'Storage.cacheStorageContentUpdated':
      case 'Storage.cacheStorageListUpdated':
        this.#dirtyCaches.add((params as { storageKey: string }).storageKey);
        return;
      default:
        if (method.startsWith('DOMStorage.')) this.#items(method, params as ItemEvent);
    }
  }

  /** Asks every frame at once; the questions are on their way when this returns. */
  async quick(all: boolean): Promise<TargetReading> {
    const asked = new Set<string>();
    const worlds = [...this.#worlds.values()].slice(0, MAX_FRAMES);
    const answers = worlds.map(async (world) => await this.#ask(world, asked, all));
    const [early, ...read] = await Promise.all([this.#history(all), ...answers]);
    const documents = read.flatMap((one) => (one?.document === undefined ? [] : [{ frameId: one.frameId, text: one.document }]));
    const items = read.flatMap((one) => one?.items ?? []);
    const frames = [...this.#worlds.keys()];
    for (const one of documents) this.#learnName(one);
    const history = (await this.#history(false)) ?? early;
    return { frames, documents, items, missing: read.filter((one) => one === undefined).length, ...(history === undefined ? {} : { history }) };
  }

  /** Reads databases, caches and workers of every origin; only what changed, or all of it. */
  async slow(all: boolean, max_chars: number, budget_ms: number): Promise<SlowReading[]> {
    const coming = [...this.#worlds.values()].filter((world) => !world.isReady);
    if (coming.length > 0) await Promise.all(coming.map(async (world) => await world.ready.catch(ignore)));
    const worlds = new Map([...this.#worlds.values()].flatMap((world) => (world.storageKey === undefined ? [] : [[world.storageKey, world] as const])));
    const read = await Promise.all([...worlds.values()].map(async (world) => await this.#readSlowly(world, all, max_chars, budget_ms)));
    return read.filter((one) => one !== undefined);
  }

  async #readSlowly(world: FrameWorld, all: boolean, max_chars: number, budget_ms: number): Promise<SlowReading | undefined> {
    const { storageKey = '' } = world;
    const databases = this.#dirtyDatabases.delete(storageKey) || all;
    const caches = this.#dirtyCaches.delete(storageKey) || all;
    if (!databases && !caches && !this.#hasWorkers()) return undefined;
    try {
      const answer = await world.slow({ databases, caches, max_chars, budget_ms });
      if (!world.belongsTo(answer.origin)) {
        this.#dirty(storageKey);
        return undefined;
      }
      // What was not read whole is asked for again at the next boundary.
      if (answer.faults.some(({ fault }) => fault === 'too_slow' || fault === 'blocked')) this.#dirtyDatabases.add(storageKey);
      this.#hasDatabases ||= [answer.databases, answer.caches].some((text) => text !== undefined && text !== '[]');
      return { ...answer, storageKey, ...(await this.#generators(storageKey, answer.databases)) };
    } catch {
      // The document was replaced meanwhile; another of its origin answers at the next boundary.
      this.#dirty(storageKey);
      return undefined;
    }
  }

  /** Whether a database or cache changed since it was read. */
  get isDirty(): boolean {
    return this.#dirtyDatabases.size > 0 || this.#dirtyCaches.size > 0;
  }

  /** What this frame has told could not be used. */
  forget(frameId: string): void {
    this.#worlds.get(frameId)?.forget();
  }

  /** What was asked came too late to be used, so all of it is to be told again. */
  forgetAll(): void {
    for (const world of this.#worlds.values()) world.forget();
    for (const storageKey of this.#tracked) this.#dirty(storageKey);
  }

  #dirty(storageKey: string): void {
    this.#dirtyDatabases.add(storageKey);
    this.#dirtyCaches.add(storageKey);
  }

  #adopt({ frame, childFrames = [] }: FrameTree): void {
    this.#open(frame.id, false);
    for (const child of childFrames) this.#adopt(child);
  }

  #open(frameId: string, anew: boolean): void {
    if (!anew && this.#worlds.has(frameId)) return;
    this.#moved = true;
    const world = new FrameWorld(this.#cdp, frameId);
    this.#worlds.set(frameId, world);
    world.ready.then(() => this.#opened(world), ignore);
  }

  #opened({ storageKey }: FrameWorld): void {
    if (storageKey === undefined || this.#tracked.has(storageKey)) return;
    this.#tracked.add(storageKey);
    this.#dirty(storageKey);
    tell(this.#cdp, 'Storage.trackIndexedDBForStorageKey', { storageKey });
    tell(this.#cdp, 'Storage.trackCacheStorageForStorageKey', { storageKey });
    for (const isLocalStorage of [true, false]) void this.#base({ storageKey, isLocalStorage });
  }

  async #base(storageId: StorageId): Promise<void> {
    const answer = await this.#cdp.send('DOMStorage.getDOMStorageItems', { storageId }).catch(ignore);
    if (answer !== undefined) this.#mirror.base(storageId, (answer as { entries: [string, string][] }).entries);
  }

  /** One frame of each origin answers for its storage; a world that is ready is asked before this returns. */
  async #ask(world: FrameWorld, asked: Set<string>, all: boolean): Promise<{ frameId: string; document?: string; items: TargetReading['items'] } | undefined> {
    const { frameId } = world;
    try {
      if (!world.isReady) await world.ready;
      if (world.storageKey === undefined) {
        await world.findKey();
        this.#opened(world);
      }
      const { answer, forStorage } = await this.#quick(world, asked, all);
      const isOwn = world.belongsTo(answer.origin);
      const items = (isOwn ? (['local', 'session'] as const) : []).flatMap((area) => {
        const text = answer[area];
        const id = { storageKey: world.storageKey ?? '', isLocalStorage: area === 'local' };
        const at = forStorage ? this.#mirror.answered(id, text) : 0;
        return text === undefined ? [] : [{ id, text, at }];
      });
      return { frameId, items, ...(answer.document === undefined ? {} : { document: answer.document }) };
    } catch {
      // A document that was replaced meanwhile has nothing to tell; its successor answers at the next boundary.
      if (this.#worlds.get(frameId) !== world) return { frameId, items: [] };
      this.#open(frameId, true);
      return undefined;
    }
  }

  /** What a document tells. One whose storage was asked for by the key of the document before it is asked once more. */
  async #quick(world: FrameWorld, asked: Set<string>, all: boolean): Promise<{ answer: QuickAnswer; forStorage: boolean }> {
    const isFirst = (): boolean => {
      const { storageKey } = world;
      const first = storageKey !== undefined && !asked.has(storageKey);
      if (first) asked.add(storageKey);
      return first;
    };
    const forStorage = isFirst();
    const answer = await world.quick(forStorage, all);
    if (world.belongsTo(answer.origin)) return { answer, forStorage };
    await world.findKey();
    this.#opened(world);
    if (!isFirst()) return { answer, forStorage };
    return { answer: await world.quick(true, all), forStorage: true };
  }

  /** Whether something may still be told of the time before now by another process than the one that has answered. */
  get expectsNews(): boolean {
    const moved = this.#moved;
    this.#moved = false;
    return moved || this.#hasDatabases;
  }

  /** Items whose frames are gone. */
  left(all: boolean): TargetReading['items'] {
    return this.#mirror.ids().flatMap((id) => {
      return this.#mirror.take(id, all) ?? [];
    });
  }

  /** A page's title stands in that list too, and changes without a navigation. */
  #learnName({ frameId, text }: TargetReading['documents'][number]): void {
    const { url, title, history } = JSON.parse(text) as Pick<DocumentState, 'url' | 'title' | 'history'>;
    const name = JSON.stringify([url, title, history.length]);
    if (this.#names.get(frameId) !== name) this.#travelled = true;
    this.#names.set(frameId, name);
  }

  async #history(all: boolean): Promise<string | undefined> {
    if (!this.isPage || !(this.#travelled || all)) return undefined;
    this.#travelled = false;
    const answer = (await this.#cdp.send('Page.getNavigationHistory').catch(ignore)) as HistoryAnswer | undefined;
    if (answer === undefined) {
      this.#travelled = true;
      return undefined;
    }
    const entries = answer.entries.map(({ url, title, transitionType }) => ({ url, title, how: transitionType }));
    return JSON.stringify({ index: answer.currentIndex, entries });
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

  #items(method: string, event: ItemEvent): void {
    this.#mirror.event(method, event);
    if (!this.#mirror.flooded || !this.#listening) return;
    this.#listening = false;
    tell(this.#cdp, 'DOMStorage.disable');
  }
}

function ignore(): undefined {
  return undefined;
}
