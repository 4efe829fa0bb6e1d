import { property } from './connection.js';

const KINDS: Readonly<Record<string, string>> = { ElementHandle: 'element-handle', JSHandle: 'js-handle' };
const OWN = '@molar-';
/** Arguments are not nested deeper than this; a bound, since objects of the client refer to each other. */
const DEPTH = 6;

/** Handles of a browser that is gone, as objects of Playwright's own: calls on them are answered from the tape like any other. */
export class StandInHandles {
  #count = 0;

  /** A handle below an object of the client; nothing for a kind that has no stand-in, or where this release makes objects otherwise. */
  make(parent: object, kind: string): object | undefined {
    const name = KINDS[kind];
    const connection = property(parent, '_connection');
    const dispatch = property(connection, 'dispatch');
    const known = property(connection, '_objects');
    if (name === undefined || typeof dispatch !== 'function' || !(known instanceof Map)) return undefined;
    const guid = `${name}${OWN}${(this.#count += 1)}`;
    try {
      Reflect.apply(dispatch, connection, [{ guid: property(parent, '_guid'), method: '__create__', params: { type: kind, guid, initializer: { preview: kind } } }]);
    } catch {
      return undefined;
    }
    return known.get(guid) as object | undefined;
  }

  /** Whether a name is that of a stand-in. */
  isOne(guid: unknown): boolean {
    return this.#count > 0 && typeof guid === 'string' && guid.includes(OWN);
  }

  /** Whether a stand-in is among the arguments of a call. */
  areIn(value: unknown, depth: number = DEPTH): boolean {
    if (this.#count === 0 || depth === 0 || typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return false;
    if (this.isOne(property(value, 'guid')) || this.isOne(property(value, '_guid'))) return true;
    return Object.values(value).some((one) => this.areIn(one, depth - 1));
  }
}
