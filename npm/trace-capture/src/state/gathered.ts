import type { Fault } from '../injected/state/databases.js';
import type { PartName, PartText, Reading, StateNotice } from './types.js';

const MESSAGES: Record<Fault, string> = {
  too_big: 'a database is bigger than is kept; its contents are missing from the state',
  too_slow: 'a database could not be read in time; its contents are missing from the state',
  blocked: 'a database was being changed or deleted; its contents are missing from the state',
  failed: 'a database could not be read; its contents are missing from the state',
};

const EMPTY = '[]';

/** What one boundary found, while the answers come in. */
export class Gathered {
  readonly #parts = new Map<PartName, PartText>();
  readonly #toldAt = new Map<PartName, number>();
  readonly #missing: string[] = [];
  readonly #frames = new Map<string, Set<string>>();
  readonly #silent = new Set<string>();
  readonly #notices: StateNotice[] = [];

  set(name: PartName, text: PartText): void {
    this.#parts.set(name, text);
  }

  /** Several pages may know items of one origin, some only from when they were there: the one that was told last counts. */
  setNewest(name: PartName, text: string, at: number): void {
    if ((this.#toldAt.get(name) ?? -1) > at) return;
    this.#toldAt.set(name, at);
    this.#parts.set(name, text);
  }

  /** An origin without databases has no part for them, rather than an empty one. */
  setUnlessEmpty(name: PartName, text: string): void {
    this.#parts.set(name, text === EMPTY ? undefined : text);
  }

  miss(what: string): void {
    this.#missing.push(what);
  }

  /** Something of a page did not answer, so nobody knows which of its frames are gone. */
  missPage(page: string): void {
    this.#silent.add(page);
    this.miss(page);
  }

  /** Frames of a page that are there. */
  frames(page: string, frames: readonly string[]): void {
    this.#frames.set(page, new Set([...(this.#frames.get(page) ?? []), ...frames]));
  }

  fault(origin: string, database: string, fault: Fault): void {
    this.#notices.push({ code: `state.database.${fault}`, message: MESSAGES[fault], detail: { origin, database } });
  }

  lost(origin: string, kind: string, count: number): void {
    this.#notices.push({ code: 'state.value.lost', message: 'values that a page keeps cannot be read, so they cannot be restored', detail: { origin, kind, count } });
  }

  reading(): Reading {
    const frames = new Map([...this.#frames].filter(([page]) => !this.#silent.has(page)));
    return { parts: this.#parts, missing: this.#missing, notices: this.#notices, frames };
  }
}
