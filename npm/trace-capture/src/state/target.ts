import type { Cdp } from '../network/cdp-session.js';
import { tell } from '../network/hub.js';
import type { DocumentState } from '../injected/state/document-state.js';
import type { QuickAnswer } from '../injected/state/reader.js';
import { FrameWorld } from './frame-world.js';
import type { ItemEvent, ItemsText, StorageId } from './items.js';
import { ItemMirror } from './items.js';
import type { Origins } from './origins.js';
import type { SlowLimits, SlowReading } from './stores.js';
import { Stores } from './stores.js';

const MAX_FRAMES = 64;
/** What was stored by a document that left is told by another process than those that can be asked. */
const LATE_NEWS_MS = 40;

interface Frame {
  readonly id: string;
  readonly securityOrigin?: string;
  readonly parentId?: string;
}

interface FrameTree {
  readonly frame: Frame;
  readonly childFrames?: readonly FrameTree[];
}

interface HistoryAnswer {
  readonly currentIndex: number;
  readonly entries: readonly { readonly url: string; readonly title: string; readonly transitionType: string }[];
}

/** The list of visited pages. */
interface History {
  readonly index: number;
  readonly entries: readonly { readonly url: string; readonly title: string; readonly how: string }[];
}

/** Documents of one instant. */
export type Worlds = readonly FrameWorld[];

/** What a target told at once. */
export interface TargetReading {
  /** Frames that are there now. */
  readonly frames: readonly string[];
  readonly documents: readonly { readonly frameId: string; readonly text: string }[];
  readonly items: readonly ItemsText[];
  /** Storage keys whose items a frame answered for. */
  readonly answered: ReadonlySet<string>;
  readonly history?: string;
  readonly missing: number;
}

/** What target this is. */
export interface TargetOptions {
  readonly targetId: string;
  readonly isPage: boolean;
  /** Origins of the context's documents. */
  readonly origins: Origins;
  /** Whether the context ever had a service worker, without which nobody needs to be asked for any. */
  readonly hasWorkers: () => boolean;
}

/** What one document told. */
interface FrameReading {
  readonly frameId: string;
  readonly document?: string;
  readonly items: TargetReading['items'];
  readonly answered?: string;
}

/** The state of one debugging target: a page with the frames of its process, or a frame in a process of its own. */
export class StateTarget {
  readonly #cdp: Cdp;
  readonly #targetId: string;
  readonly #worlds = new Map<string, FrameWorld>();
  readonly #mirror = new ItemMirror();
  readonly #origins: Origins;
  readonly #stores: Stores;
  readonly isPage: boolean;
  /** Storage keys of documents that left since the last reading, and when. */
  readonly #left = new Map<string, number>();
  #listening = true;
  /** Whether the list of visited pages may have changed since it was read. */
  #travelled = true;
  /** What the page's documents said of themselves that the list of visited pages says as well. */
  readonly #names = new Map<string, string>();

  constructor(cdp: Cdp, { targetId, isPage, origins, hasWorkers }: TargetOptions) {
    this.#cdp = cdp;
    this.#targetId = targetId;
    this.isPage = isPage;
    this.#origins = origins;
    this.#stores = new Stores(cdp, origins, hasWorkers);
  }

  /** Sent in one batch and not waited for, so that the target can run on at once. */
  enable(): void {
    tell(this.#cdp, 'Page.enable');
    tell(this.#cdp, 'DOMStorage.enable');
    this.#openFirst();
    void this.#cdp.send('Page.getFrameTree').then((answer) => this.#adopt((answer as { frameTree: FrameTree }).frameTree), ignore);
  }

  event(method: string, params: unknown): void {
    switch (method) {
      case 'Page.navigatedWithinDocument':
        this.#travelled = true;
        return;
      case 'Page.frameStartedNavigating':
        return this.#expect(params as { frameId: string; url: string });
      case 'Page.frameNavigated':
        this.#travelled = true;
        this.#origins.saw((params as FrameTree).frame.securityOrigin);
        this.#open((params as FrameTree).frame, true);
        return;
      case 'Page.frameAttached':
        this.#open({ id: (params as { frameId: string }).frameId, parentId: (params as { parentFrameId: string }).parentFrameId }, false);
        return;
      case 'Page.frameDetached':
        this.#worlds.delete((params as { frameId: string }).frameId);
        this.#names.delete((params as { frameId: string }).frameId);
        return;
      default:
        if (method.startsWith('DOMStorage.')) this.#items(method, params as ItemEvent);
        else if (method.startsWith('Storage.')) this.#stores.event(method, params as { storageKey: string });
    }
  }

  /** The documents that are there now. */
  get worlds(): Worlds {
    return [...this.#worlds.values()];
  }

  /** Asks every frame at once; the questions are on their way when this returns. */
  async quick(worlds: Worlds, all: boolean): Promise<TargetReading> {
    const asked = new Set<string>();
    const answers = worlds.slice(0, MAX_FRAMES).map(async (world) => await this.#ask(world, asked, all));
    const [early, ...read] = await Promise.all([this.#history(all), ...answers]);
    const documents = read.flatMap((one) => (one?.document === undefined ? [] : [{ frameId: one.frameId, text: one.document }]));
    const items = read.flatMap((one) => one?.items ?? []);
    const answered = new Set(read.flatMap((one) => one?.answered ?? []));
    const frames = [...this.#worlds.keys()];
    for (const one of documents) this.#learnName(one, early);
    const history = (await this.#history(false)) ?? early;
    const missing = read.filter((one) => one === undefined).length;
    return { frames, documents, items, answered, missing, ...(history === undefined ? {} : { history: JSON.stringify(history) }) };
  }

  /** Reads databases, caches and workers of every origin of these documents; only what changed, or all of it. */
  async slow(worlds: Worlds, all: boolean, limits: SlowLimits): Promise<SlowReading[]> {
    const coming = worlds.filter((world) => !world.isPlaced);
    if (coming.length > 0) await placed(coming);
    return await this.#stores.read(worlds, all, limits);
  }

  /** Resolves when what other processes have to tell of the time before now has been told, but for databases that are read anyway. */
  async settled(worlds: Worlds, all: boolean): Promise<void> {
    const left = [...this.#left];
    this.#left.clear();
    const coming = worlds.filter((world) => !world.isPlaced);
    if (coming.length > 0) await placed(coming);
    if (!all) await this.#stores.settled(worlds);
    // A document that is there answers for its storage itself.
    const since = left.flatMap(([storageKey, at]) => (worlds.some((world) => world.storageKey === storageKey) ? [] : [at]));
    const wait_ms = Math.max(0, ...since) + LATE_NEWS_MS - performance.now();
    if (since.length > 0 && wait_ms > 0) await new Promise((resolve) => setTimeout(resolve, wait_ms));
  }

  /** Whether something is known of databases or caches of these documents that was not read. */
  hasNews(worlds: Worlds): boolean {
    return this.#stores.hasNews(worlds);
  }

  /** What this frame has told could not be used. */
  forget(frameId: string): void {
    this.#worlds.get(frameId)?.forget();
  }

  /** What was asked came too late to be used, so all of it is to be told again. */
  forgetAll(): void {
    for (const world of this.#worlds.values()) world.forget();
    this.#stores.forget();
  }

  /** A page is about to leave for an address, which mostly is that of its next document. */
  #expect({ frameId, url }: { frameId: string; url: string }): void {
    if (!this.isPage || frameId !== this.#targetId || !URL.canParse(url)) return;
    const { protocol, origin } = new URL(url);
    if (protocol === 'http:' || protocol === 'https:') this.#stores.expect(`${origin}/`);
  }

  #adopt({ frame, childFrames = [] }: FrameTree): void {
    this.#origins.saw(frame.securityOrigin);
    this.#open(frame, false);
    for (const child of childFrames) this.#adopt(child);
  }

  /** The uppermost frame has the id of its target, so nobody needs to be asked for it while the process starts. */
  #openFirst(): void {
    const id = this.#targetId;
    const world = this.#open({ id, ...(this.isPage ? {} : { parentId: '' }) }, false);
    // Where that does not hold the frames are told all the same.
    world?.ready.catch(() => this.#worlds.get(id) === world && this.#worlds.delete(id));
  }

  #open({ id, parentId }: Frame, anew: boolean): FrameWorld | undefined {
    const before = this.#worlds.get(id);
    if (!anew && before !== undefined) return undefined;
    if (before?.storageKey !== undefined) this.#left.set(before.storageKey, performance.now());
    const world = new FrameWorld(this.#cdp, id, this.isPage && parentId === undefined);
    this.#worlds.set(id, world);
    world.placed.then(() => this.#placed(world), ignore);
    return world;
  }

  /** A document of which nothing is left but its frame. */
  #reopen({ frameId, isTop }: FrameWorld): void {
    this.#open({ id: frameId, ...(isTop ? {} : { parentId: '' }) }, true);
  }

  #placed(world: FrameWorld): void {
    const { storageKey } = world;
    if (storageKey === undefined || !this.#stores.follow(world, storageKey)) return;
    for (const isLocalStorage of [true, false]) void this.#base({ storageKey, isLocalStorage });
  }

  async #base(storageId: StorageId): Promise<void> {
    const answer = await this.#cdp.send('DOMStorage.getDOMStorageItems', { storageId }).catch(ignore);
    if (answer !== undefined) this.#mirror.base(storageId, (answer as { entries: [string, string][] }).entries);
  }

  /** One frame of each origin answers for its storage; a world that is ready is asked before this returns. */
  async #ask(world: FrameWorld, asked: Set<string>, all: boolean): Promise<FrameReading | undefined> {
    const { frameId } = world;
    try {
      if (!world.isReady) await world.ready;
      if (world.storageKey === undefined && !world.isTop) {
        await world.findKey();
        this.#placed(world);
      }
      const { answer, forStorage } = await this.#quick(world, asked, all);
      if (!world.isPlaced) await world.placed.catch(ignore);
      const { storageKey } = world;
      const document = answer.document === undefined ? {} : { document: answer.document };
      if (storageKey === undefined || !forStorage || !world.belongsTo(answer.origin)) return { frameId, items: [], ...document };
      const items = (['local', 'session'] as const).flatMap((area) => {
        const text = answer[area];
        const id = { storageKey, isLocalStorage: area === 'local' };
        const at = this.#mirror.answered(id, text);
        return text === undefined ? [] : [{ id, text, at }];
      });
      return { frameId, items, answered: storageKey, ...document };
    } catch {
      // A document that was replaced meanwhile has nothing to tell; its successor answers at the next boundary.
      if (this.#worlds.get(frameId) !== world) return { frameId, items: [] };
      this.#reopen(world);
      return undefined;
    }
  }

  /** What a document tells. One whose storage was asked for by the key of the document before it is asked once more. */
  async #quick(world: FrameWorld, asked: Set<string>, all: boolean): Promise<{ answer: QuickAnswer; forStorage: boolean }> {
    const isFirst = (): boolean => {
      const { storageKey } = world;
      // Where its storage belongs is told before the answer, and nobody else answers for one of its own.
      if (storageKey === undefined) return world.isTop && !world.isPlaced;
      const first = !asked.has(storageKey);
      asked.add(storageKey);
      return first;
    };
    const forStorage = isFirst();
    const answer = await world.quick(forStorage, all);
    if (world.belongsTo(answer.origin)) return { answer, forStorage };
    await world.findKey();
    this.#placed(world);
    if (!isFirst()) return { answer, forStorage };
    return { answer: await world.quick(true, all), forStorage: true };
  }

  /** Items of storage that no frame has answered for: those that stored them are gone. */
  left(answered: ReadonlySet<string>, all: boolean): TargetReading['items'] {
    return this.#mirror.ids().flatMap((id) => (answered.has(id.storageKey ?? '') ? [] : (this.#mirror.take(id, all) ?? [])));
  }

  /** A page's title stands in that list too, and changes without a navigation. The list that was read may know it already. */
  #learnName({ frameId, text }: TargetReading['documents'][number], read: History | undefined): void {
    const { url, title, history } = JSON.parse(text) as Pick<DocumentState, 'url' | 'title' | 'history'>;
    const name = JSON.stringify([url, title, history.length]);
    const entry = frameId === this.#targetId ? read?.entries[read.index] : undefined;
    const isKnown = entry?.url === url && entry.title === title && read?.entries.length === history.length;
    if (this.#names.get(frameId) !== name && !isKnown) this.#travelled = true;
    this.#names.set(frameId, name);
  }

  async #history(all: boolean): Promise<History | undefined> {
    if (!this.isPage || !(this.#travelled || all)) return undefined;
    this.#travelled = false;
    const answer = (await this.#cdp.send('Page.getNavigationHistory').catch(ignore)) as HistoryAnswer | undefined;
    if (answer === undefined) {
      this.#travelled = true;
      return undefined;
    }
    const entries = answer.entries.map(({ url, title, transitionType }) => ({ url, title, how: transitionType }));
    return { index: answer.currentIndex, entries };
  }

  #items(method: string, event: ItemEvent): void {
    this.#mirror.event(method, event);
    if (!this.#mirror.flooded || !this.#listening) return;
    this.#listening = false;
    tell(this.#cdp, 'DOMStorage.disable');
  }
}

/** Waits for documents of which nobody knows yet where their storage belongs. */
async function placed(worlds: Worlds): Promise<void> {
  await Promise.all(worlds.map(async (world) => await world.placed.catch(ignore)));
}

function ignore(): undefined {
  return undefined;
}
