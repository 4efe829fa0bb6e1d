import { createHash } from 'node:crypto';

const KEPT = 64;

/** The snapshots saved last, so that a restore may name one by its sha256 instead of sending it back. */
export class SnapshotShelf {
  readonly #snapshots = new Map<string, Buffer>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Keeps a snapshot and forgets the oldest beyond 64 or beyond the byte bound; returns its sha256 in hex. */
  keep(snapshot: Buffer): string {
    const name = createHash('sha256').update(snapshot).digest('hex');
    if (!this.#snapshots.has(name)) this.#bytes += snapshot.length;
    this.#snapshots.set(name, snapshot);
    for (const [oldest, bytes] of this.#snapshots) {
      if (this.#snapshots.size <= KEPT && this.#bytes <= this.#maxBytes) break;
      this.#snapshots.delete(oldest);
      this.#bytes -= bytes.length;
    }
    return name;
  }

  /** The snapshot of that name; `sha256:` before the hex is allowed. */
  get(name: string): Buffer | undefined {
    return this.#snapshots.get(name.replace(/^sha256:/, '').toLowerCase());
  }
}
