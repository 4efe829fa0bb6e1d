import { native } from '../native.js';
import type { Session } from '../session.js';
import type { Json, Payload } from '../values.js';
import { Ledger } from './ledger.js';
import type { Change } from './ledger.js';
import type { Boundary, Reading, StateSource } from './types.js';

/** What a boundary may take before its event says that it was late. */
const BUDGET_MS = 150;
/** Longest an answer is waited for at all; a page in a long task answers when it is done. */
const BOUND_MS = 2_000;
/** Where a step begins, or a context closes, right after a reading, that holds for both, unless the test did something in between. */
const SAME_MS = 20;
/** Boundaries read at one time; a page that does not answer must not gather questions. */
const MAX_AT_ONCE = 4;

/** The state of one context over one trace. Readings may overlap; they are written in the order of their boundaries. */
export class ContextState {
  readonly id: string;
  readonly #source: StateSource;
  readonly #session: Session;
  readonly #ledger = new Ledger();
  readonly #gonePages = new Set<string>();
  readonly #told = new Set<string>();
  #turn: Promise<void> = Promise.resolve();
  #reading = 0;
  #skipped = 0;
  #first = true;
  #asked: { readonly ts: number; readonly acts: number | undefined } | undefined;
  #ended = false;

  constructor(id: string, source: StateSource, session: Session) {
    this.id = id;
    this.#source = source;
    this.#session = session;
  }

  /** Reads now, writes when the answers are there. */
  async read(boundary: Boundary, stepId: string | undefined, full: boolean): Promise<void> {
    if (this.#reading >= MAX_AT_ONCE && !full) {
      this.#skipped += 1;
      return;
    }
    const ts = this.#session.recorder.now();
    const acts = this.#session.actions.begun;
    if (boundary !== 'end' && !full && acts !== undefined && acts === this.#asked?.acts && ts - this.#asked.ts < SAME_MS) return;
    this.#asked = { ts, acts };
    this.#reading += 1;
    const asked = this.#source.read(BOUND_MS, full || this.#first);
    const before = this.#turn;
    this.#turn = (async (): Promise<void> => {
      const reading = await asked;
      const tookMs = this.#session.recorder.now() - ts;
      await before;
      this.#reading -= 1;
      this.#write(reading, { boundary, stepId, full, ts, tookMs });
    })();
    await this.#turn;
  }

  /** The last reading, whole; a context that closes after the test's own end has told everything already. */
  async readLast(boundary: Boundary, stepId: string | undefined): Promise<void> {
    const full = !this.#ended;
    this.#ended = true;
    await this.read(boundary, stepId, full);
  }

  /** Parts of a page that is closed; they are told as gone at the next boundary. */
  forget(page: string): void {
    this.#gonePages.add(page);
  }

  #write(reading: Reading, at: { boundary: Boundary; stepId: string | undefined; full: boolean; ts: number; tookMs: number }): void {
    this.#tell(reading);
    const full = at.full || (this.#first && reading.parts.size > 0);
    const change = this.#ledger.apply({ ...reading, parts: new Map([...reading.parts, ...this.#gone(reading)]) }, full);
    if (change === undefined) return;
    this.#first = false;
    const payload: Payload = {
      context: this.id,
      boundary: at.boundary,
      revision: change.revision,
      full,
      changed: [...change.changed],
      counts: this.#counts(),
      ...(at.tookMs > BUDGET_MS ? { late_ms: Math.round(at.tookMs) } : {}),
      ...(reading.missing.length > 0 ? { missing: [...reading.missing] } : {}),
      ...(this.#skipped > 0 ? { skipped: this.#skipped } : {}),
    };
    this.#skipped = 0;
    const place = { stepId: at.stepId, ts: at.ts };
    if (keepsSecrets()) this.#session.appendContent('browser.state', payload, [{ field: 'secret', data: secretOf(change), mediaType: 'application/json' }], place);
    else this.#session.append('browser.state', { ...payload, secret: { omitted: 'vault off' } }, place);
  }

  /** What was of a page that is closed or of a frame that is no more. */
  #gone({ frames }: Reading): [string, undefined][] {
    const closed = [...this.#gonePages];
    this.#gonePages.clear();
    const isGone = (name: string): boolean => {
      const [kind = '', owner = ''] = name.split(' ');
      if (closed.some((page) => owner === page || owner.startsWith(`${page}f`))) return true;
      const there = kind === 'document' ? frames.get(owner.split('f')[0] ?? '') : undefined;
      return there !== undefined && !there.has(owner);
    };
    return this.#ledger.names().flatMap((name): [string, undefined][] => (isGone(name) ? [[name, undefined]] : []));
  }

  /** Size of each part; how many keys a user has and how big they are is no secret. */
  #counts(): Json {
    return [...this.#ledger.counts()].map(([part, { keys, bytes }]) => ({ part, keys, bytes }));
  }

  #tell({ notices }: Reading): void {
    for (const { code, message, detail } of notices) {
      const key = JSON.stringify([code, detail]);
      if (this.#told.has(key)) continue;
      this.#told.add(key);
      this.#session.recorder.notice(code, message, { source: 'state', ...detail });
    }
  }
}

/** Whether the recorder below moves what is secret into the vault. One that does not must never get it. */
function keepsSecrets(): boolean {
  return typeof native()?.readVault === 'function';
}

/** The parts are JSON already, so they are joined and not read. */
function secretOf({ parts }: Change): string {
  const written = parts.map(({ name, revision, text }) => `${JSON.stringify(name)}:{"revision":${revision},"value":${text}}`);
  return `{"parts":{${written.join(',')}}}`;
}
