/** The world that a server lives in: as it was recorded, or with one thing in it let loose. */
import { randomBytes } from 'node:crypto';

const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** Far enough from now, and by a part of a day, that year, month, day of the week and hour are all others. */
export const PINNED = Date.now() - 400 * DAY - 3.5 * HOUR;
const SEED = 20_240_301;

function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What the first draw of a recorded server is. */
export const FIRST_DRAW = seeded(SEED)();

/** Real entropy, in [0, 1). */
const entropy = () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48;

export class World {
  /** What the server keeps in memory. */
  kept = new Map();
  #kind;
  #draw = seeded(SEED);
  #isLoose = false;

  constructor(kind) {
    this.#kind = kind;
  }

  /** Another run begins; `loose` lets the one thing loose. Memory is cleared unless that is the thing. */
  begin(loose) {
    this.#isLoose = loose;
    this.#draw = seeded(SEED);
    if (!this.#looseIs('stale state')) this.kept.clear();
  }

  now() {
    return this.#looseIs('time') ? Date.now() : PINNED;
  }

  random() {
    return this.#looseIs('randomness') ? entropy() : this.#draw();
  }

  /** `list`, or where order is let loose the other way round. */
  order(list) {
    return this.#looseIs('order') ? [...list].reverse() : [...list];
  }

  /** What was recorded, or where answers are let loose the other one. */
  answer(recorded, other) {
    return this.#looseIs('changed answer') ? other : recorded;
  }

  /** Adds one to a number in memory. */
  count(name = 'n') {
    this.kept.set(name, (this.kept.get(name) ?? 0) + 1);
    return this.kept.get(name);
  }

  #looseIs(kind) {
    return this.#isLoose && this.#kind === kind;
  }
}
