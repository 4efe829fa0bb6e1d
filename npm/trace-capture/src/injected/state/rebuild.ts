import { fromBase64 } from './base64.js';
import type { Cloned, ClonedPair, Tagged } from './cloned.js';

/** Told of each thing that cannot be had back. */
export type OnLost = (what: string) => void;

/**
 * The value that was written, made anew in this realm, with shared parts shared again and cycles closed. Works in pages
 * and in Node. What was lost becomes `undefined`, and `onLost` hears of it.
 */
export async function rebuild(cloned: Cloned, onLost: OnLost = () => undefined): Promise<unknown> {
  const keys: CryptoKey[] = [];
  for (const key of keysIn(cloned)) keys.push(await imported(key));
  return new Rebuilder(keys, onLost).build(cloned);
}

type KeyTag = Extract<Tagged, { $: 'key' }>;

function isTagged(cloned: object): cloned is Tagged {
  return !Array.isArray(cloned) && typeof Reflect.get(cloned, '$') === 'string';
}

/** Importing a key takes time, building does not: the keys come first, in the order in which they are met. */
function keysIn(cloned: unknown): KeyTag[] {
  if (typeof cloned !== 'object' || cloned === null) return [];
  if (isTagged(cloned) && cloned.$ === 'key') return [cloned];
  return Object.values(cloned).flatMap(keysIn);
}

async function imported({ v, algorithm, usages }: KeyTag): Promise<CryptoKey> {
  const how = new Rebuilder([], () => undefined).build(algorithm) as AlgorithmIdentifier;
  return await crypto.subtle.importKey('jwk', v ?? {}, how, true, [...usages] as KeyUsage[]);
}

class Rebuilder {
  readonly #keys: CryptoKey[];
  readonly #onLost: OnLost;
  readonly #seen: unknown[] = [];

  constructor(keys: CryptoKey[], onLost: OnLost) {
    this.#keys = keys;
    this.#onLost = onLost;
  }

  build(cloned: Cloned): unknown {
    if (typeof cloned !== 'object' || cloned === null) return cloned;
    if (Array.isArray(cloned)) return this.#array(cloned as readonly Cloned[]);
    return isTagged(cloned) ? this.#tagged(cloned) : this.#plain(Object.entries(cloned as Record<string, Cloned>));
  }

  #tagged(cloned: Tagged): unknown {
    switch (cloned.$) {
      case 'undefined':
        return undefined;
      case 'number':
        return Number(cloned.v);
      case 'bigint':
        return BigInt(cloned.v);
      case 'utf16':
        return utf16(cloned.v);
      case 'ref':
        return this.#seen[cloned.v];
      default:
        return this.#object(cloned);
    }
  }

  /** Objects that may hold others take their number before what they hold. */
  #object(cloned: Exclude<Tagged, { $: 'undefined' | 'number' | 'bigint' | 'utf16' | 'ref' }>): unknown {
    switch (cloned.$) {
      case 'map': {
        const map = this.#keep(new Map<unknown, unknown>());
        for (const [key, value] of cloned.v) map.set(this.build(key), this.build(value));
        return map;
      }
      case 'set': {
        const set = this.#keep(new Set<unknown>());
        for (const value of cloned.v) set.add(this.build(value));
        return set;
      }
      case 'object':
        return this.#plain(cloned.v);
      case 'array': {
        const list: unknown[] = this.#keep([]);
        list.length = cloned.length;
        return this.#fill(list, cloned.v);
      }
      case 'error':
        return this.#error(cloned);
      case 'geometry':
        return this.#keep(geometry(cloned.type, Object.fromEntries(Object.entries(cloned.v).map(([name, value]) => [name, this.build(value)]))));
      default:
        return this.#leaf(cloned);
    }
  }

  #leaf(cloned: Extract<Tagged, { $: 'date' | 'regexp' | 'boxed' | 'buffer' | 'view' | 'blob' | 'image' | 'key' | 'lost' }>): unknown {
    const at = this.#seen.push(undefined) - 1;
    const value = this.#made(cloned);
    this.#seen[at] = value;
    return value;
  }

  #made(cloned: Extract<Tagged, { $: 'date' | 'regexp' | 'boxed' | 'buffer' | 'view' | 'blob' | 'image' | 'key' | 'lost' }>): unknown {
    switch (cloned.$) {
      case 'date':
        return new Date(cloned.v ?? Number.NaN);
      case 'regexp':
        return new RegExp(cloned.v, cloned.flags);
      case 'boxed':
        return Object(this.build(cloned.v)) as unknown;
      case 'buffer':
        return fromBase64(cloned.v).buffer;
      case 'view':
        return view(cloned.type, this.build(cloned.v), cloned.offset, cloned.length);
      case 'blob':
        return blob(cloned);
      case 'image':
        return new ImageData(new Uint8ClampedArray(fromBase64(cloned.v).buffer), cloned.width, cloned.height, { colorSpace: cloned.color as PredefinedColorSpace });
      case 'key':
        // The algorithm was written as a value with numbers of its own kind; they must be taken here as well.
        this.build(cloned.algorithm);
        return this.#keys.shift();
      case 'lost':
        this.#onLost(cloned.what);
        return undefined;
    }
  }

  #array(cloned: readonly Cloned[]): unknown[] {
    const list: unknown[] = this.#keep([]);
    for (const value of cloned) list.push(this.build(value));
    return list;
  }

  #plain(pairs: readonly ClonedPair[]): object {
    return this.#fill(this.#keep({}), pairs);
  }

  #fill<T extends object>(target: T, pairs: readonly ClonedPair[]): T {
    for (const [key, value] of pairs) {
      Object.defineProperty(target, this.build(key) as string, { value: this.build(value), enumerable: true, configurable: true, writable: true });
    }
    return target;
  }

  #error({ name, message, stack, cause }: Extract<Tagged, { $: 'error' }>): Error {
    const known: Record<string, ErrorConstructor> = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
    const error = this.#keep(new (known[name] ?? Error)(message));
    if (stack !== undefined) error.stack = stack;
    if (cause !== undefined) Object.defineProperty(error, 'cause', { value: this.build(cause), configurable: true, writable: true });
    return error;
  }

  #keep<T>(value: T): T {
    this.#seen.push(value);
    return value;
  }
}

type ViewConstructor = new (buffer: unknown, offset: number, length: number) => unknown;

function view(type: string, buffer: unknown, offset: number, length: number): unknown {
  return new (Reflect.get(globalThis, type) as ViewConstructor)(buffer, offset, length);
}

function blob({ v, type, name, modified }: Extract<Tagged, { $: 'blob' }>): Blob {
  const bytes = fromBase64(v);
  return name === undefined ? new Blob([bytes], { type }) : new File([bytes], name, { type, ...(modified === undefined ? {} : { lastModified: modified }) });
}

function geometry(type: string, numbers: object): unknown {
  const made: unknown = Reflect.get(globalThis, type);
  const from = (made as { fromRect?: unknown; fromPoint?: unknown; fromMatrix?: unknown }) ?? {};
  const make = from.fromRect ?? from.fromPoint ?? from.fromMatrix;
  return typeof make === 'function' ? (Reflect.apply(make, made, [numbers]) as unknown) : numbers;
}

function utf16(text: string): string {
  const bytes = new DataView(fromBase64(text).buffer);
  let made = '';
  for (let at = 0; at < bytes.byteLength; at += 2) made += String.fromCharCode(bytes.getUint16(at, true));
  return made;
}
