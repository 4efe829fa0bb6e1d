import type { BrowserContext, Page } from '@playwright/test';
import type { Tape } from '../calls/tape.js';
import type { Replay } from '../replay.js';
import type { Check, Fidelity } from './gate.js';
import { ask, checkContext, fidelityOf, probe } from './gate.js';
import type { Below } from './restorer.js';
import { restoreContext } from './restorer.js';
import { askServer } from './server.js';
import type { ContextState } from './state.js';
import type { Untouched } from './undo.js';
import { undo, untouched } from './undo.js';

interface Made {
  readonly context: BrowserContext;
  readonly pages: Page[];
  readonly below: Below;
}

/** Longest the skipped steps are held for the browser; beyond it they go on, and the gate says what is missing. */
const MOST_MS = 60_000;

/** Puts the browser back as soon as the test has made the contexts and pages for it. */
export class Restoration {
  readonly #replay: Replay;
  readonly #states: readonly ContextState[];
  readonly #tape: Tape;
  readonly #made: Made[] = [];
  /** What each context was before; `undefined` for one that cannot be made so again. */
  #before: readonly (Untouched | undefined)[] = [];
  #done: Promise<Fidelity> | undefined;

  constructor(replay: Replay, states: readonly ContextState[], tape: Tape) {
    this.#replay = replay;
    this.#states = states;
    this.#tape = tape;
  }

  /** A context of the test, in the order in which they were made. */
  opened(context: BrowserContext, below: Below): void {
    const made: Made = { context, pages: context.pages(), below };
    this.#made.push(made);
    context.on('page', (page) => {
      if (!made.pages.includes(page)) made.pages.push(page);
    });
  }

  /** Whether the test has made all contexts and pages that the record has. */
  get isComplete(): boolean {
    return this.#states.every((state, at) => (this.#made[at]?.pages.length ?? -1) >= state.pages.length);
  }

  /** Resolves when the browser is as it was, or as near as it came. Begins when it is first asked for. */
  async settled(): Promise<Fidelity> {
    this.#done ??= this.#restore();
    return await this.#done;
  }

  /** Makes the browser what it was before it was put back; whether it could. */
  async undone(): Promise<boolean> {
    if (this.#before.length !== this.#made.length || this.#before.includes(undefined)) return false;
    try {
      for (const [at, { context, pages, below }] of this.#made.entries()) {
        const before = this.#before[at];
        if (before) await undo(context, pages, before, this.#states[at], this.#replay, below);
      }
      return true;
    } catch {
      // A page that went away meanwhile: whoever asked begins with another browser.
      return false;
    }
  }

  async #restore(): Promise<Fidelity> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<Fidelity>((resolve) => {
      timer = setTimeout(() => resolve(fidelityOf([{ name: 'restored', grade: 'diverged', message: `not restored within ${MOST_MS} ms` }])), MOST_MS);
    });
    try {
      return await Promise.race([this.#restored(), late]);
    } catch (error) {
      return fidelityOf([{ name: 'restored', grade: 'diverged', message: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) }]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #restored(): Promise<Fidelity> {
    const checks: Check[] = [];
    if (this.#replay.order.strategy === 'auto') this.#before = await Promise.all(this.#made.map(async ({ context, pages, below }) => await untouched(context, pages, below)));
    for (const [at, state] of this.#states.entries()) {
      const made = this.#made[at];
      if (!made || made.pages.length < state.pages.length) {
        checks.push({ name: `context ${state.context}`, grade: 'diverged', message: `the record has ${state.pages.length} pages in ${state.context}, this browser ${made?.pages.length ?? 'no such context'}: a skipped step opened one` });
        continue;
      }
      const lost = await restoreContext(made.context, made.pages, state, this.#replay, made.below);
      checks.push(...(await checkContext(made.pages, state, lost, this.#replay)));
      if (this.#replay.goesLive) checks.push(...(await askServer(made.context, made.below.served, this.#replay)));
    }
    const [only, ...others] = this.#made.flatMap(({ pages }) => pages);
    // The tape does not say whose a call was.
    if (others.length === 0) checks.push(...(await ask(only, this.#tape.before(this.#replay.plan.step.ts_ms), this.#replay)), ...(await probe(only, this.#tape.from(this.#replay.plan.step.ts_ms), this.#replay)));
    return fidelityOf(checks);
  }
}
