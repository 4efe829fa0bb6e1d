/** Bytes of the control words in front of the data; the layout stands in `crates/trace-node/src/ring.rs`. */
const DATA_BYTE = 128;
const HEADER_BYTES = 16;
const TAIL_WORD = 16;
const SKIP = -1;
/** Names are numbered in 16 bits. A suite has a dozen kinds and hundreds of steps; whoever has more takes the direct way. */
const MAX_NAMES = 0xffff;

/** A string write of Node's `Buffer` without the argument checks of `write`; there since Node 0.x, yet not in the documentation. */
interface FastBuffer extends Buffer {
  utf8Write(text: string, offset: number, length: number): number;
}

/**
 * The writing side of the ring that Rust reads.
 *
 * Every method returns false when the ring has no room; the caller then appends by a call into the addon, which empties
 * the ring first. A record is visible to the other thread as soon as `push` returns.
 */
export class RingWriter {
  readonly #words: Int32Array;
  readonly #halves: Uint16Array;
  readonly #doubles: Float64Array;
  readonly #bytes: FastBuffer;
  readonly #capacity: number;
  readonly #names = new Map<string, number>();
  #head = 0;
  #tail = 0;

  constructor(memory: ArrayBuffer) {
    this.#capacity = memory.byteLength - DATA_BYTE;
    this.#words = new Int32Array(memory);
    this.#halves = new Uint16Array(memory, DATA_BYTE);
    this.#doubles = new Float64Array(memory, DATA_BYTE);
    this.#bytes = Buffer.from(memory, DATA_BYTE) as FastBuffer;
  }

  /** Writes one event. */
  push(kind: string, stepId: string | null, tsMs: number, payload: string): boolean {
    const kindNumber = this.#numberOf(kind);
    const stepNumber = stepId === null ? 0 : this.#numberOf(stepId);
    if (kindNumber === 0 || (stepId !== null && stepNumber === 0)) return false;
    return this.#write(kindNumber, stepNumber, tsMs, payload);
  }

  /** The number of a name, defined in the ring on first use; 0 when there is no room for that. */
  #numberOf(name: string): number {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const number = this.#names.size + 1;
    if (number > MAX_NAMES || !this.#write(0, number, 0, name)) return 0;
    this.#names.set(name, number);
    return number;
  }

  #write(kind: number, step: number, tsMs: number, payload: string): boolean {
    // A UTF-16 unit takes at most three bytes in UTF-8, so no string write below is ever cut short.
    const most = HEADER_BYTES + payload.length * 3 + 8;
    const at = this.#reserve(most);
    if (at < 0) return false;
    const length = this.#bytes.utf8Write(payload, at + HEADER_BYTES, payload.length * 3);
    this.#words[(DATA_BYTE + at) >>> 2] = length;
    this.#halves[(at + 4) >>> 1] = kind;
    this.#halves[(at + 6) >>> 1] = step;
    this.#doubles[(at + 8) >>> 3] = tsMs;
    this.#publish((HEADER_BYTES + length + 7) & ~7);
    return true;
  }

  /** The place of `n` contiguous free bytes, or -1. */
  #reserve(n: number): number {
    const at = this.#head & (this.#capacity - 1);
    const toEnd = this.#capacity - at;
    if (n <= toEnd) return this.#hasRoom(n) ? at : -1;
    if (!this.#hasRoom(toEnd + n)) return -1;
    this.#words[(DATA_BYTE + at) >>> 2] = SKIP;
    this.#publish(toEnd);
    return 0;
  }

  #hasRoom(n: number): boolean {
    if (this.#capacity - ((this.#head - this.#tail) | 0) >= n) return true;
    this.#tail = Atomics.load(this.#words, TAIL_WORD);
    return this.#capacity - ((this.#head - this.#tail) | 0) >= n;
  }

  /** Makes everything before `head` visible to the reader: the engine keeps plain stores in front of an atomic one. */
  #publish(n: number): void {
    this.#head = (this.#head + n) | 0;
    Atomics.store(this.#words, 0, this.#head);
  }
}
