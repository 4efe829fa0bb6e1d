import type { AttributeValue, MutationData, RrwebEvent, SerializedNode } from './rrweb-types.js';
import { EventType, Source } from './rrweb-types.js';
import type { InjectedOptions } from './wire.js';

type Attributes = Record<string, AttributeValue>;
type Change = MutationData['attributes'][number];

interface Bucket {
  left: number;
  at: number;
}

/** Elements remembered at once; a page that animates more of them is held by the other limits. */
const MAX_BUCKETS = 5_000;

/**
 * Attributes that change faster than anybody could see, as in animations by script: each element may tell so many
 * changes, then only what they came to. Nothing is lost but the states in between. Time is an argument.
 */
export class AttributeBuckets {
  readonly #options: InjectedOptions;
  readonly #buckets = new Map<number, Bucket>();
  readonly #held = new Map<number, Attributes>();
  /** Changes that were merged into later ones since the last time this was asked. */
  #merged = 0;

  constructor(options: InjectedOptions) {
    this.#options = options;
  }

  /** Takes out of a mutation what is to wait. Whether something of the event is left to tell. */
  sift(event: RrwebEvent, now: number): boolean {
    const data = event.data as MutationData;
    if (event.type !== EventType.incremental || data.source !== Source.mutation) return true;
    for (const { node } of data.adds) this.#forget(node);
    if (data.attributes.length === 0) return true;
    const told = data.attributes.flatMap((change) => this.#told(change, now));
    event.data = { ...data, attributes: told };
    return told.length + data.texts.length + data.adds.length + data.removes.length > 0;
  }

  /** What waits, as one mutation; nothing when nothing does. The nodes must still be known to the recording. */
  take(timestamp: number, isKnown: (id: number) => boolean): RrwebEvent | undefined {
    const attributes = [...this.#held].filter(([id]) => isKnown(id)).map(([id, held]) => ({ id, attributes: held }));
    this.#held.clear();
    if (attributes.length === 0) return undefined;
    const data: MutationData = { source: Source.mutation, texts: [], attributes, removes: [], adds: [] };
    return { type: EventType.incremental, data, timestamp };
  }

  get isHolding(): boolean {
    return this.#held.size > 0;
  }

  takeMerged(): number {
    const merged = this.#merged;
    this.#merged = 0;
    return merged;
  }

  #told(change: Change, now: number): Change[] {
    const { id } = change;
    const held = this.#held.get(id);
    if (held === undefined && this.#spend(id, now)) return [change];
    if (held !== undefined) this.#merged += 1;
    const merged = merge(held ?? {}, change.attributes);
    this.#held.delete(id);
    // A difference to a style that waits as text cannot be joined with it, so both are told.
    if (merged === undefined) return [{ id, attributes: held ?? {} }, change];
    this.#held.set(id, merged);
    return [];
  }

  #spend(id: number, now: number): boolean {
    const { attribute_burst: burst, attribute_refill_per_second: refill } = this.#options;
    const bucket = this.#buckets.get(id) ?? { left: burst, at: now };
    bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * refill);
    bucket.at = now;
    if (this.#buckets.size >= MAX_BUCKETS) this.#buckets.clear();
    this.#buckets.set(id, bucket);
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  }

  /** A node that is added is written as it is then, which is later than what waits. */
  #forget(node: SerializedNode): void {
    if (this.#held.size === 0) return;
    this.#held.delete(node.id);
    for (const child of node.childNodes ?? []) this.#forget(child);
  }
}

/** Later changes over earlier ones; `undefined` when only the page could tell what they come to. */
function merge(held: Attributes, later: Attributes): Attributes | undefined {
  const merged: Attributes = { ...held, ...later };
  const before = held['style'];
  const after = later['style'];
  if (typeof after !== 'object' || after === null || before === undefined) return merged;
  if (typeof before !== 'object' || before === null) return undefined;
  merged['style'] = { ...before, ...after };
  return merged;
}
