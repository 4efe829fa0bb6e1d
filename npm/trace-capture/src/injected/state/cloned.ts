/**
 * How a value that only structured cloning can copy is written as JSON. Whatever JSON says exactly stands as it is; the
 * rest is an object with the key `$`. Objects are numbered from 0 in the order in which they are first met, so a second
 * mention, a cycle included, is a number. Types only, so that page and Node can both import it.
 */

/** A written value. */
export type Cloned = null | boolean | number | string | readonly Cloned[] | Tagged | { readonly [key: string]: Cloned };

/** A property of an object, an entry of a map. */
export type ClonedPair = readonly [Cloned, Cloned];

/** What JSON has no word for. */
export type Tagged =
  | { readonly $: 'undefined' }
  /** `NaN`, `Infinity`, `-Infinity` or `-0`. */
  | { readonly $: 'number'; readonly v: string }
  | { readonly $: 'bigint'; readonly v: string }
  /** A string with half a surrogate pair, as base64 of its UTF-16LE bytes: such text is no valid JSON elsewhere. */
  | { readonly $: 'utf16'; readonly v: string }
  /** The object that was numbered so. */
  | { readonly $: 'ref'; readonly v: number }
  /** Epoch milliseconds; nothing for an invalid date. */
  | { readonly $: 'date'; readonly v: number | null }
  | { readonly $: 'regexp'; readonly v: string; readonly flags: string }
  | { readonly $: 'map'; readonly v: readonly ClonedPair[] }
  | { readonly $: 'set'; readonly v: readonly Cloned[] }
  /** A plain object with a key `$` of its own. */
  | { readonly $: 'object'; readonly v: readonly ClonedPair[] }
  /** An array with holes or named properties. */
  | { readonly $: 'array'; readonly length: number; readonly v: readonly ClonedPair[] }
  | { readonly $: 'boxed'; readonly v: Cloned }
  | { readonly $: 'error'; readonly name: string; readonly message: string; readonly stack?: string; readonly cause?: Cloned }
  /** Base64. */
  | { readonly $: 'buffer'; readonly v: string }
  /** A typed array or `DataView` on a buffer that others may share. */
  | { readonly $: 'view'; readonly type: string; readonly offset: number; readonly length: number; readonly v: Cloned }
  | { readonly $: 'blob'; readonly type: string; v: string; readonly name?: string; readonly modified?: number }
  | { readonly $: 'image'; readonly width: number; readonly height: number; readonly color: string; readonly v: string }
  /** Geometry of the DOM, such as `DOMRect`. */
  | { readonly $: 'geometry'; readonly type: string; readonly v: { readonly [name: string]: Cloned } }
  /** A key that may be exported. */
  | { readonly $: 'key'; readonly algorithm: Cloned; readonly usages: readonly string[]; v: JsonWebKey | null }
  /** Something that cannot be restored: a key that may not be exported, a handle of the file system. */
  | { readonly $: 'lost'; readonly what: string };

/** The name of a tag. */
export type Tag = Tagged['$'];

/** One record of an object store: its key, and its value. */
export type RecordDump = readonly [Cloned, Cloned];

/** An index of an object store. */
export interface IndexDump {
  readonly name: string;
  readonly key_path: string | readonly string[];
  readonly unique: boolean;
  readonly multi_entry: boolean;
}

/** An object store and what is in it. */
export interface StoreDump {
  readonly name: string;
  readonly key_path: string | readonly string[] | null;
  readonly auto_increment: boolean;
  /** The key its generator gives next; only where it has one, and only from Chromium. */
  next_key?: number;
  readonly indexes: readonly IndexDump[];
  readonly records: readonly RecordDump[];
}

/** One database. */
export interface DatabaseDump {
  readonly name: string;
  readonly version: number;
  readonly stores: readonly StoreDump[];
}
