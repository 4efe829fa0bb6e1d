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
  readonly #missing: string[] = [];
  readonly #notices: StateNotice[] = [];

  set(name: PartName, text: PartText): void {
    this.#parts.set(name, text);
  }

  /** An origin without databases has no part for them, rather than an empty one. */
  setUnlessEmpty(name: PartName, text: string): void {
    this.#parts.set(name, text === EMPTY ? undefined : text);
  }

  miss(what: string): void {
    this.#missing.push(what);
  }

  fault(origin: string, database: string, fault: Fault): void {
    this.#notices.push({ code: `state.database.${fault}`, message: MESSAGES[fault], detail: { origin, database } });
  }

  lost(origin: string, kind: string, count: number): void {
    this.#notices.push({ code: 'state.value.lost', message: 'values that a page keeps cannot be read, so they cannot be restored', detail: { origin, kind, count } });
  }

  reading(): Reading {
    return { parts: this.#parts, missing: this.#missing, notices: this.#notices };
  }
}
