import { createCipheriv, hkdfSync } from 'node:crypto';

/** Keystream made at once: one call of the cipher serves many small draws. */
const REFILL_BYTES = 1024;
const KEY_BYTES = 32;
/** OpenSSL's layout: 4 bytes of block counter, 12 of nonce. Every key is used for one stream, so both begin at zero. */
const BEGINNING = Buffer.alloc(16);

/** The key of a stream, from its seed and what it is for (HKDF-SHA256, RFC 5869). */
export function keyFor(seed: string, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', seed, 'molar-random-v1', purpose, KEY_BYTES));
}

/** The first bytes of ChaCha20's keystream (RFC 8439) under a key, for one nonce of zeros. */
export function chacha20(key: Uint8Array, size: number): Buffer {
  return createCipheriv('chacha20', key, BEGINNING).update(Buffer.alloc(size));
}

/** An endless pseudo-random stream. Equal keys give equal streams; nothing else tells the next byte. */
export class Stream {
  readonly #cipher: ReturnType<typeof createCipheriv>;
  #ready: Buffer = Buffer.alloc(0);

  constructor(key: Uint8Array) {
    this.#cipher = createCipheriv('chacha20', key, BEGINNING);
  }

  /** The next `size` bytes; at most {@link REFILL_BYTES}. */
  small(size: number): Buffer {
    if (this.#ready.length < size) this.#ready = this.#cipher.update(Buffer.alloc(REFILL_BYTES));
    const taken = this.#ready.subarray(0, size);
    this.#ready = this.#ready.subarray(size);
    return taken;
  }

  /** `size` bytes that cost the stream the same whatever `size` is, so that a longer draw does not shift the next one. */
  large(size: number): Buffer {
    return chacha20(this.small(KEY_BYTES), size);
  }
}
