import { base64 } from './base64.js';
import type { Cloned, ClonedPair, Tagged } from './cloned.js';

const VIEWS = /^\[object (?:(?:Int|Uint)(?:8|16|32)Array|Uint8ClampedArray|Big(?:Int|Uint)64Array|Float(?:16|32|64)Array|DataView)\]$/;
const GEOMETRY = /^DOM(?:Point|Rect|Matrix)(?:ReadOnly)?$/;
/** A pair, or one half of a pair alone. */
const SURROGATES = /[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g;

/** Thrown when more was met than may be written. */
export class TooMuch extends Error {}

/** Writes values of one realm; bytes of blobs and keys come later, so `settle` must be awaited before the text is made. */
export class Encoder {
  readonly #seen = new Map<object, number>();
  readonly #waiting: Promise<unknown>[] = [];
  /** What could not be written, by kind. */
  readonly lost: Map<string, number> = new Map();
  #left: number;

  /** `limit` is how many characters may be written, roughly. */
  constructor(limit: number) {
    this.#left = limit;
  }

  /** How many more characters may be written. What was given up on may be given back. */
  get left(): number {
    return this.#left;
  }

  set left(characters: number) {
    this.#left = characters;
    this.#waiting.length = 0;
  }

  /** Numbers begin anew: each value is rebuilt by itself. */
  encode(value: unknown): Cloned {
    this.#seen.clear();
    return this.#encode(value);
  }

  /** Waits for the bytes that had to be asked for. */
  async settle(): Promise<void> {
    await Promise.all(this.#waiting.splice(0));
    if (this.#left < 0) throw new TooMuch();
  }

  #encode(value: unknown): Cloned {
    this.#spend(4);
    switch (typeof value) {
      case 'string':
        return this.#string(value);
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : { $: 'number', v: Object.is(value, -0) ? '-0' : String(value) };
      case 'boolean':
        return value;
      case 'undefined':
        return { $: 'undefined' };
      case 'bigint':
        return { $: 'bigint', v: String(value) };
      case 'object':
        return value === null ? null : this.#known(value);
      default:
        return this.#lose(typeof value);
    }
  }

  #known(value: object): Cloned {
    const number = this.#seen.get(value);
    if (number !== undefined) return { $: 'ref', v: number };
    this.#seen.set(value, this.#seen.size);
    return this.#object(value, Object.prototype.toString.call(value));
  }

  #object(value: object, tag: string): Cloned {
    if (VIEWS.test(tag)) return this.#view(value as ArrayBufferView, tag.slice(8, -1));
    switch (tag.slice(8, -1)) {
      case 'Array':
        return this.#array(value as unknown[]);
      case 'Object':
        return this.#plain(value);
      case 'Map':
        return { $: 'map', v: [...(value as Map<unknown, unknown>)].map(([key, one]) => [this.#encode(key), this.#encode(one)]) };
      case 'Set':
        return { $: 'set', v: [...(value as Set<unknown>)].map((one) => this.#encode(one)) };
      case 'Date':
        return { $: 'date', v: Number.isNaN((value as Date).getTime()) ? null : (value as Date).getTime() };
      case 'RegExp':
        return { $: 'regexp', v: (value as RegExp).source, flags: (value as RegExp).flags };
      case 'ArrayBuffer':
        return { $: 'buffer', v: this.#bytes(new Uint8Array(value as ArrayBuffer)) };
      case 'Boolean':
      case 'Number':
      case 'String':
      case 'BigInt':
        return { $: 'boxed', v: this.#encode(value.valueOf()) };
      default:
        return this.#platform(value, tag.slice(8, -1));
    }
  }

  /** Objects that the browser brings, not the language. */
  #platform(value: object, kind: string): Cloned {
    if (value instanceof Error) return this.#error(value);
    if (kind === 'Blob' || kind === 'File') return this.#blob(value as Blob);
    if (kind === 'CryptoKey') return this.#key(value as CryptoKey);
    if (kind === 'ImageData') {
      const { width, height, colorSpace, data } = value as ImageData;
      return { $: 'image', width, height, color: colorSpace, v: this.#bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) };
    }
    if (GEOMETRY.test(kind)) return { $: 'geometry', type: kind, v: this.#geometry(value as DOMRect) };
    return this.#lose(kind);
  }

  #string(text: string): Cloned {
    this.#spend(text.length);
    if (!hasLoneSurrogate(text)) return text;
    const bytes = new DataView(new ArrayBuffer(text.length * 2));
    for (let at = 0; at < text.length; at += 1) bytes.setUint16(at * 2, text.charCodeAt(at), true);
    return { $: 'utf16', v: base64(new Uint8Array(bytes.buffer)) };
  }

  #array(list: readonly unknown[]): Cloned {
    const keys = Object.keys(list);
    if (keys.length === list.length && keys.every((key, at) => key === String(at))) return list.map((one) => this.#encode(one));
    return { $: 'array', length: list.length, v: this.#pairs(list, keys) };
  }

  #plain(value: object): Cloned {
    const keys = Object.keys(value);
    if (keys.some((key) => key === '$' || hasLoneSurrogate(key))) return { $: 'object', v: this.#pairs(value, keys) };
    const written: Record<string, Cloned> = {};
    for (const key of keys) {
      this.#spend(key.length);
      // An own property called `__proto__` must stay a property.
      Object.defineProperty(written, key, { value: this.#encode(Reflect.get(value, key)), enumerable: true, configurable: true, writable: true });
    }
    return written;
  }

  #pairs(value: object, keys: readonly string[]): ClonedPair[] {
    return keys.map((key) => [this.#string(key), this.#encode(Reflect.get(value, key))]);
  }

  #view(view: ArrayBufferView, type: string): Cloned {
    const length = 'length' in view ? (view as Uint8Array).length : view.byteLength;
    return { $: 'view', type, offset: view.byteOffset, length, v: this.#encode(view.buffer) };
  }

  #error(error: Error): Tagged {
    const { name, message, stack } = error;
    const cause = 'cause' in error ? { cause: this.#encode(error.cause) } : {};
    return { $: 'error', name, message, ...(typeof stack === 'string' ? { stack } : {}), ...cause };
  }

  #geometry(value: DOMRect): { readonly [name: string]: Cloned } {
    const numbers = value.toJSON() as Record<string, unknown>;
    return Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, this.#encode(number)]));
  }

  #blob(blob: Blob): Tagged {
    const file = blob instanceof File ? { name: blob.name, modified: blob.lastModified } : {};
    const written: Extract<Tagged, { $: 'blob' }> = { $: 'blob', type: blob.type, v: '', ...file };
    this.#spend(blob.size);
    this.#waiting.push(
      blob.arrayBuffer().then(
        (bytes) => { written.v = this.#bytes(new Uint8Array(bytes)); },
        // Its file is gone from the disk, so nobody can read it any more; the record says so.
        () => { this.#lose('Blob without bytes'); },
      ),
    );
    return written;
  }

  #key(key: CryptoKey): Tagged {
    if (!key.extractable) return this.#lose('CryptoKey');
    const written: Extract<Tagged, { $: 'key' }> = { $: 'key', algorithm: this.#encode({ ...key.algorithm }), usages: [...key.usages], v: null };
    this.#waiting.push(crypto.subtle.exportKey('jwk', key).then((exported) => { written.v = exported; }, () => { this.#lose('CryptoKey'); }));
    return written;
  }

  #bytes(bytes: Uint8Array): string {
    this.#spend(bytes.length * 1.4);
    return base64(bytes);
  }

  #lose(what: string): Extract<Tagged, { $: 'lost' }> {
    this.lost.set(what, (this.lost.get(what) ?? 0) + 1);
    return { $: 'lost', what };
  }

  #spend(size: number): void {
    this.#left -= size;
    if (this.#left < 0) throw new TooMuch();
  }
}

function hasLoneSurrogate(text: string): boolean {
  return (text.match(SURROGATES) ?? []).some((found) => found.length === 1);
}
