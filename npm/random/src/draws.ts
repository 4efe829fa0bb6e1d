import type { Draws } from '@molar/time/core';
import { Stream, keyFor } from './stream.js';

/**
 * The random bytes of one request. Each kind of call has a stream of its own, so that code which draws once more than it
 * did when recorded changes only what later calls of that kind get.
 */
export class RequestDraws implements Draws {
  readonly #seed: string;
  readonly #requestKey: string;
  readonly #streams = new Map<string, Stream>();

  constructor(seed: string, requestKey: string) {
    this.#seed = seed;
    this.#requestKey = requestKey;
  }

  bytes(kind: string, size: number): Buffer {
    return this.#stream(kind).large(size);
  }

  small(kind: string, size: number): Buffer {
    return this.#stream(kind).small(size);
  }

  #stream(kind: string): Stream {
    const known = this.#streams.get(kind);
    if (known) return known;
    const stream = new Stream(keyFor(this.#seed, `${this.#requestKey} ${kind}`));
    this.#streams.set(kind, stream);
    return stream;
  }
}
