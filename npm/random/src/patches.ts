import crypto from 'node:crypto';
import type { Draws } from '@molar/time/core';
import { current } from '@molar/time/core';
import { fractionOf, integerBelow, uuidOf } from './values.js';

/**
 * Makes what applications draw from come from the request's own stream. Every patched function calls the real one first and
 * then replaces its bytes: arguments are checked and errors worded as Node does. TLS and the making of keys are not patched.
 */
export function patchRandom(): void {
  patchMath();
  patchWebCrypto();
  patchBytes();
  patchInt();
  patchFill();
}

function drawn(): Draws | undefined {
  return current()?.rng;
}

function patchMath(): void {
  const real = Math.random;
  Math.random = function random(): number {
    const draws = drawn();
    return draws ? fractionOf(draws.small('Math.random', 8)) : real();
  };
}

/** `node:crypto`'s `getRandomValues` calls this one; its `randomUUID` is another function with the same stream. */
function patchWebCrypto(): void {
  const web = Object.getPrototypeOf(crypto.webcrypto) as crypto.webcrypto.Crypto;
  const realValues = web.getRandomValues as (this: unknown, array: NodeJS.ArrayBufferView) => NodeJS.ArrayBufferView;
  const realWebUuid = web.randomUUID;
  const realUuid = crypto.randomUUID;
  const getRandomValues = function getRandomValues(this: unknown, array: NodeJS.ArrayBufferView): NodeJS.ArrayBufferView {
    const filled = realValues.call(this, array);
    overwrite(filled, drawn()?.bytes('getRandomValues', filled.byteLength));
    return filled;
  };
  Object.assign(web, { getRandomValues });
  const replaced = (real: crypto.UUID): crypto.UUID => {
    const draws = drawn();
    return draws ? uuidOf(draws.small('randomUUID', 16)) : real;
  };
  web.randomUUID = function randomUUID(): crypto.UUID {
    return replaced(realWebUuid.call(this) as crypto.UUID);
  };
  crypto.randomUUID = function randomUUID(options?: crypto.RandomUUIDOptions): crypto.UUID {
    return replaced(realUuid(options));
  };
}

type Told<T> = (error: Error | null, value: T) => void;

/** Bytes are drawn when asked for, not when handed out: the thread pool's order is nobody's. */
function patchBytes(): void {
  const real = crypto.randomBytes as (size: number, told?: Told<Buffer>) => Buffer | undefined;
  const randomBytes = function randomBytes(size: number, told?: Told<Buffer>): Buffer | undefined {
    const draws = drawn();
    if (!draws) return real(size, told);
    if (typeof told !== 'function') {
      const bytes = real(size, told) as Buffer;
      overwrite(bytes, draws.bytes('randomBytes', bytes.byteLength));
      return bytes;
    }
    let replacement: Buffer | undefined;
    real(size, (error, bytes) => {
      if (!error) overwrite(bytes, replacement);
      told(error, bytes);
    });
    replacement = draws.bytes('randomBytes', size);
    return undefined;
  };
  const names = ['randomBytes', 'pseudoRandomBytes', 'prng', 'rng'].filter((name) => Object.getOwnPropertyDescriptor(crypto, name)?.writable);
  for (const name of names) Object.assign(crypto, { [name]: randomBytes });
}

function patchInt(): void {
  const real = crypto.randomInt as (...args: unknown[]) => number | undefined;
  const randomInt = function randomInt(...args: unknown[]): number | undefined {
    const draws = drawn();
    if (!draws) return real(...args);
    const told = args.find((arg) => typeof arg === 'function') as ((error: Error | undefined, value: number) => void) | undefined;
    const bounds = args.filter((arg) => typeof arg === 'number');
    let replacement = 0;
    const value = told ? real(...bounds, (error: Error | undefined) => told(error, replacement)) : real(...args);
    const [min, max] = bounds.length > 1 ? (bounds as [number, number]) : [0, bounds[0] ?? 0];
    replacement = min + integerBelow(max - min, () => draws.small('randomInt', 6));
    return told ? value : replacement;
  };
  Object.assign(crypto, { randomInt });
}

type Filled = NodeJS.ArrayBufferView | ArrayBuffer;

function patchFill(): void {
  const realSync = crypto.randomFillSync as (target: Filled, offset?: number, size?: number) => Filled;
  const real = crypto.randomFill as (target: Filled, ...rest: unknown[]) => void;
  const randomFillSync = function randomFillSync(target: Filled, offset?: number, size?: number): Filled {
    const filled = realSync(target, offset, size);
    const draws = drawn();
    if (!draws) return filled;
    const part = partOf(target, offset, size);
    overwrite(part, draws.bytes('randomFill', part.byteLength));
    return filled;
  };
  const randomFill = function randomFill(target: Filled, ...rest: unknown[]): void {
    const draws = drawn();
    const told = rest.find((arg) => typeof arg === 'function') as Told<Filled> | undefined;
    if (!draws || !told) return real(target, ...rest);
    const [offset, size] = rest.filter((arg) => typeof arg === 'number');
    let replacement: Buffer | undefined;
    const numbers = rest.slice(0, rest.indexOf(told));
    real(target, ...numbers, (error: Error | null, filled: Filled) => {
      if (!error) overwrite(partOf(target, offset, size), replacement);
      told(error, filled);
    });
    replacement = draws.bytes('randomFill', partOf(target, offset, size).byteLength);
  };
  Object.assign(crypto, { randomFillSync, randomFill });
}

/** Offset and size count elements of a typed array, and bytes of everything else. */
function partOf(target: Filled, offset = 0, size?: number): Uint8Array {
  const unit = 'BYTES_PER_ELEMENT' in target ? Number(target.BYTES_PER_ELEMENT) : 1;
  const begin = offset * unit;
  const length = size === undefined ? target.byteLength - begin : size * unit;
  return ArrayBuffer.isView(target) ? new Uint8Array(target.buffer, target.byteOffset + begin, length) : new Uint8Array(target, begin, length);
}

function overwrite(target: NodeJS.ArrayBufferView, bytes: Buffer | undefined): void {
  if (bytes) new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(bytes);
}
