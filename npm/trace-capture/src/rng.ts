import type { BrowserContext } from '@playwright/test';
import { guardedAsync } from './problems.js';
import type { Session } from './session.js';

const seeded = new WeakSet<BrowserContext>();

/** What the record says of a test's random numbers, and those of its own process when that was asked for. */
export function seedTest(session: Session): void {
  const { rng_seed, rng_worker } = session.settings;
  if (rng_seed === undefined) return;
  session.append('scenario.event', { name: 'rng.seed', data: { seed: rng_seed, scope: rng_worker ? ['pages', 'test'] : ['pages'] } }, { stepId: undefined });
  if (!rng_worker) return;
  const original = Math.random;
  const draw = generator(rng_seed);
  let draws = 0;
  const inFront = (): number => {
    draws += 1;
    return draw() / 2 ** 32;
  };
  Math.random = inFront;
  session.onClose(() => {
    // Somebody else may stand in front by now; then it is theirs to take away.
    if (Math.random === inFront) Math.random = original;
    session.append('scenario.event', { name: 'rng.draw', data: { scope: 'test', count: draws } }, { stepId: undefined });
  });
}

/** Seeds the pages of a context. Asked for by `rng_seed` only, since an application may rely on real randomness. */
export async function seedContext(context: BrowserContext, session: Session): Promise<void> {
  const { rng_seed } = session.settings;
  if (rng_seed === undefined || seeded.has(context)) return;
  seeded.add(context);
  await guardedAsync('the seed of a context', async () => await context.addInitScript(seedPage, rng_seed));
}

/** A stream of 32 bit numbers that follows from a text: cyrb53's mixing for the seed, mulberry32 for the stream. */
function generator(seed: string): () => number {
  let state = 0xdeadbeef;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 2654435761);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/**
 * Runs in the page, so it uses nothing of this module. Each document has a stream of its own that follows from the seed, its
 * address, its place among the frames and in the history: one stream for all would hand out the same ids on every page.
 */
function seedPage(seed: string): void {
  const frames: number[] = [];
  for (let here: Window = window; here !== here.parent; here = here.parent) {
    let index = 0;
    while (index < here.parent.length && here.parent[index] !== here) index += 1;
    frames.push(index);
  }
  let state = 0xdeadbeef;
  for (const character of `${seed}|${location.href}|${history.length}|${frames.join('.')}`) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 2654435761);
  const draw = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  Math.random = () => draw() / 2 ** 32;
  const fill = <T extends ArrayBufferView | null>(array: T): T => {
    if (array) {
      const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
      for (let index = 0; index < bytes.length; index += 1) bytes[index] = draw() & 0xff;
    }
    return array;
  };
  Object.defineProperty(Crypto.prototype, 'getRandomValues', { value: fill, configurable: true, writable: true });
  if (!('randomUUID' in Crypto.prototype)) return;
  const uuid = (): string => {
    const hex = [...fill(new Uint8Array(16))].map((byte, index) => (index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte).toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  };
  Object.defineProperty(Crypto.prototype, 'randomUUID', { value: uuid, configurable: true, writable: true });
}
