import type { Found, Hit, OriginClass } from '../source.js';
import { shown } from './shown.js';

/** Writes an event into the trace of the replay. */
export type Append = (kind: string, payload: Readonly<Record<string, unknown>>) => void;

/** How requests were answered, by number. */
export interface Tally {
  /** Out of the record, by how surely the answer was found. */
  exact: number;
  normalised: number;
  scored: number;
  /** Of those, answers given once more because the record has no further one. */
  overrun: number;
  missed: number;
  /** By the running application or a simulator. */
  live: number;
  /** By whoever has the address, because the order allows it. */
  passthrough: number;
}

/** A request that the record had no answer for. */
export interface Missed {
  readonly method: string;
  readonly url: string;
  readonly class: OriginClass;
  readonly near: readonly unknown[];
  /** Why the recorded answer has no body, where it has one but for that. */
  readonly why?: string;
}

/** Storms of the same finding say nothing new. */
const MOST_EVENTS = 500;
const MOST_NEAR = 3;
/** Not signed in, and not allowed. */
const REFUSALS = new Set([401, 403]);

/** What the replay's network did, told as events and kept as counts. */
export class Findings {
  readonly tally: Tally = { exact: 0, normalised: 0, scored: 0, overrun: 0, missed: 0, live: 0, passthrough: 0 };
  /** How many requests asked the running application for the recorded clock, and how many of its answers say that it took it. */
  readonly clock: { asked: number; taken: number } = { asked: 0, taken: 0 };
  readonly #append: Append;
  readonly #expected = new Map<string, number>();
  #refused: string | undefined;
  #first: Missed | undefined;
  #events = 0;

  constructor(append: Append) {
    this.#append = append;
  }

  /** What the application answered in the record to a request that goes to the running one now. */
  expect(method: string, url: string, status: number): void {
    this.#expected.set(`${method} ${url}`, status);
  }

  /** The running application answered. One that refuses whom the record has it let in does not know what the skipped steps did there. */
  answered(method: string, url: string, status: number): void {
    const recorded = this.#expected.get(`${method} ${url}`);
    if (REFUSALS.has(status) && recorded !== undefined && recorded < 400) this.#refused ??= `${method} ${shown(url)} was answered with ${status}, recorded ${recorded}`;
  }

  /** What the running application first did otherwise before the live part. */
  refuse(words: string | undefined): void {
    this.#refused ??= words;
  }

  /** How the running application first refused what it let in when it was recorded. */
  get refused(): string | undefined {
    return this.#refused;
  }

  /** The first request that was missed and may decide the test. */
  get firstMiss(): Missed | undefined {
    return this.#first;
  }

  live(originClass: OriginClass): void {
    this.tally[originClass === 'passthrough' ? 'passthrough' : 'live'] += 1;
  }

  hit(method: string, url: string, originClass: OriginClass, { tier, used, score, seq, deltas, answer }: Hit): void {
    this.tally[tier] += 1;
    if (used === 'overrun') this.tally.overrun += 1;
    const missing = answer.kind === 'response' && answer.body === 'missing';
    if (missing && !isUnfinished(answer)) this.#first ??= { method, url, class: originClass, near: [], why: answer.why ?? 'not recorded' };
    if (tier === 'exact' && used !== 'overrun' && !missing) return;
    this.#tell('network.match', { method, url, tier, used, score, recorded_seq: seq, deltas, ...(missing ? { body: 'missing' } : {}) });
  }

  /** `decides` is false for what is asked while a browser is put back: pages ask anew what they once had. */
  miss(method: string, url: string, originClass: OriginClass, { near }: NonNullable<Found['miss']>, decides = true): void {
    this.tally.missed += 1;
    const missed: Missed = { method, url, class: originClass, near: near.slice(0, MOST_NEAR) };
    if (decides) this.#first ??= missed;
    this.#tell('network.miss', { ...missed });
  }

  #tell(kind: string, payload: Readonly<Record<string, unknown>>): void {
    this.#events += 1;
    if (this.#events <= MOST_EVENTS) this.#append(kind, payload);
  }
}

/** Whether the page left before the answer was whole, as it does again. */
export function isUnfinished(answer: Hit['answer']): boolean {
  return answer.kind === 'response' && answer.body === 'missing' && (answer.why ?? '').startsWith('still loading');
}
