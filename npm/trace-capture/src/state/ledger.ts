import type { PartCounts, PartName, Reading } from './types.js';

interface Known extends PartCounts {
  readonly text: string;
  readonly revision: number;
}

/** What is to be written about one boundary. */
export interface Change {
  readonly revision: number;
  readonly changed: readonly PartName[];
  /** The parts to write, as JSON text with the revision of each; a part that is gone is `null`. */
  readonly parts: readonly { readonly name: PartName; readonly revision: number; readonly text: string }[];
}

/** Keeps the last known text of every part of one context and numbers its changes. */
export class Ledger {
  readonly #known = new Map<PartName, Known>();
  #revision = 0;

  /** What a reading changes. In a full one every known part is written again. Nothing to write gives nothing. */
  apply(reading: Reading, full: boolean): Change | undefined {
    const changed = [...reading.parts].filter(([name, text]) => this.#known.get(name)?.text !== text).map(([name]) => name);
    if (changed.length === 0 && !(full && this.#known.size > 0)) return undefined;
    this.#revision += 1;
    for (const name of changed) this.#set(name, reading.parts.get(name));
    const names = new Set([...(full ? this.#known.keys() : []), ...changed]);
    return { revision: this.#revision, changed: changed.sort(), parts: [...names].sort().map((name) => this.#written(name)) };
  }

  /** Size of every part that is known, by name. */
  counts(): ReadonlyMap<PartName, PartCounts> {
    return this.#known;
  }

  /** The last known text of a part. */
  text(name: PartName): string | undefined {
    return this.#known.get(name)?.text;
  }

  names(): readonly PartName[] {
    return [...this.#known.keys()];
  }

  #written(name: PartName): Change['parts'][number] {
    const { revision = this.#revision, text = 'null' } = this.#known.get(name) ?? {};
    return { name, revision, text };
  }

  #set(name: PartName, text: string | undefined): void {
    if (text === undefined) this.#known.delete(name);
    else this.#known.set(name, { text, revision: this.#revision, keys: entriesOf(text), bytes: Buffer.byteLength(text) });
  }
}

function entriesOf(text: string): number {
  const value: unknown = JSON.parse(text);
  return Array.isArray(value) ? value.length : 1;
}
