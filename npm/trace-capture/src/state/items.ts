/** Where items lie, as the browser names it. */
export interface StorageId {
  readonly storageKey?: string;
  readonly isLocalStorage: boolean;
}

/** An event of the browser's about stored items. */
export interface ItemEvent {
  readonly storageId: StorageId;
  readonly key?: string;
  readonly newValue?: string;
}

/** Characters of item events after which a page's storage is only read at boundaries. */
const FLOOD_CHARS = 64 * 1024 * 1024;

/** The items of one storage as JSON, and when they were told, in the order of all that is told. */
export interface ItemsText {
  readonly id: StorageId;
  readonly text: string;
  readonly at: number;
}

interface Area {
  items: Map<string, string>;
  dirty: boolean;
  at: number;
}

let told = 0;

/**
 * Items of storage whose frame may be gone when a boundary comes: a sign-in page that stores a token and leaves at once
 * is in no document that could be asked. The events are applied to what was read when the frame came.
 */
export class ItemMirror {
  readonly #areas = new Map<string, Area>();
  #chars = 0;

  /** Whether so much was written that listening costs more than it is worth. */
  get flooded(): boolean {
    return this.#chars > FLOOD_CHARS;
  }

  event(method: string, { storageId, key = '', newValue = '' }: ItemEvent): void {
    const area = this.#area(storageId);
    this.#chars += key.length + newValue.length;
    area.dirty = true;
    area.at = told += 1;
    if (method === 'DOMStorage.domStorageItemsCleared') area.items.clear();
    else if (method === 'DOMStorage.domStorageItemRemoved') area.items.delete(key);
    else area.items.set(key, newValue);
  }

  /** What the frame had when it came. Events that were faster stay. */
  base(id: StorageId, entries: readonly (readonly [string, string])[]): void {
    const area = this.#area(id);
    if (area.at === 0) area.at = told += 1;
    if (!area.dirty) area.items = new Map(entries);
    else for (const [key, value] of entries) if (!area.items.has(key)) area.items.set(key, value);
    area.dirty ||= entries.length > 0;
  }

  /** Text of an area that changed since it was taken last, or of any that has items, in the form of the reader. */
  take(id: StorageId, all: boolean): ItemsText | undefined {
    const area = this.#area(id);
    if (!area.dirty && !(all && area.items.size > 0)) return undefined;
    area.dirty = false;
    const keys = [...area.items.keys()].sort();
    return { id, text: JSON.stringify(keys.map((key) => [key, area.items.get(key) ?? ''])), at: area.at };
  }

  /** A frame has answered for an area itself; no text says that it is as it was. When that was. */
  answered(id: StorageId, text: string | undefined): number {
    const area = this.#area(id);
    area.at = told += 1;
    if (text !== undefined) area.items = new Map(JSON.parse(text) as [string, string][]);
    area.dirty = false;
    return area.at;
  }

  ids(): StorageId[] {
    return [...this.#areas.keys()].map((name) => ({ isLocalStorage: name.startsWith('l'), storageKey: name.slice(1) }));
  }

  #area({ isLocalStorage, storageKey = '' }: StorageId): Area {
    const name = `${isLocalStorage ? 'l' : 's'}${storageKey}`;
    const area = this.#areas.get(name) ?? { items: new Map<string, string>(), dirty: false, at: 0 };
    this.#areas.set(name, area);
    return area;
  }
}
