import type { BrowserContext, Page } from '@playwright/test';
import type { Call } from '../calls/connection.js';
import type { Tape } from '../calls/tape.js';
import { quietly } from '../quietly.js';
import type { Replay } from '../replay.js';
import { checkDocuments } from './document.js';
import type { Check, Fidelity } from './gate.js';
import { ask, checkContext, fidelityOf, probe } from './gate.js';
import { chooseAgain } from './files.js';
import type { Below } from './restorer.js';
import { openMissing, restoreContext } from './restorer.js';
import { askServer } from './server.js';
import type { ContextState, FieldPart, PageState } from './state.js';
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
  /** All pages, in the order in which they were made. */
  readonly #pages: Page[] = [];
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
    const made: Made = { context, pages: [], below };
    this.#made.push(made);
    const opens = (page: Page): void => {
      if (made.pages.includes(page)) return;
      made.pages.push(page);
      this.#pages.push(page);
    };
    context.pages().forEach(opens);
    context.on('page', opens);
  }

  /** Whether the test has made all contexts and pages that the record has. */
  get isComplete(): boolean {
    return this.#states.every(({ pages }, at) => {
      const made = this.#made[at];
      return made !== undefined && pages.every((page) => this.#pageOf(made, page) !== undefined);
    });
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
      if (!made) {
        checks.push({ name: `context ${state.context}`, grade: 'diverged', message: `the record has a context ${state.context}, this browser has not: a skipped step makes it later` });
        continue;
      }
      await openMissing(made.context, state, (page) => this.#pageOf(made, page) !== undefined);
      const pages = state.pages.map((page) => this.#pageOf(made, page));
      const lost = await restoreContext(made.context, pages, state, this.#replay, made.below);
      checks.push(...(await checkContext(pages, state, lost, this.#replay)));
      if (this.#replay.goesLive) checks.push(...(await askServer(made.context, made.below.served, this.#replay)));
    }
    // What a page shows of a chosen file is there when the file is.
    if (this.#wantsFiles.length === 0) checks.push(...(await this.#seen()));
    const { grade } = fidelityOf(checks);
    // How alike documents look is told and never decides.
    return { grade, checks: grade === 'diverged' ? checks : [...checks, ...(await checkDocuments(this.named, this.#replay.source))] };
  }

  /** The assertions and the next act of the test, put to the pages. */
  async #seen(): Promise<Check[]> {
    const { step } = this.#replay.plan;
    const pages = this.#states.flatMap((state, at) => {
      const made = this.#made[at];
      return made ? state.pages.flatMap((page) => this.#pageOf(made, page) ?? []) : [];
    });
    return [...(await ask(pages, this.#tape.before(step.ts_ms), this.#tape.from(step.ts_ms), this.#replay)), ...(await probe(pages, this.#tape.from(step.ts_ms), this.#replay))];
  }

  /** Pages of the test and their recorded names. */
  get named(): readonly (readonly [Page, string])[] {
    return this.#pages.map((page, at) => [page, `p${at + 1}`]);
  }

  /** Whether the end of the skipped steps has something to do. */
  hasMore(opened: readonly Page[]): boolean {
    return this.#wantsFiles.length > 0 || this.#closed(opened).length > 0;
  }

  /** The skipped steps are over. Files are chosen again by what the test gave, and pages that closed by themselves are closed. */
  async finished(chosen: readonly Call[], opened: readonly Page[]): Promise<Fidelity> {
    for (const page of this.#closed(opened)) await quietly(page, async () => await page.close());
    if (this.#wantsFiles.length === 0) return fidelityOf([]);
    const checks: Check[] = [];
    for (const { made, state, fields } of this.#wantsFiles) {
      const page = this.#pageOf(made, state);
      const missing = page ? await chooseAgain(page, fields, chosen) : fields.flatMap(({ files = [] }) => files);
      checks.push(missing.length === 0 ? { name: `files ${state.page}`, grade: 'exact' } : { name: `files ${state.page}`, grade: 'diverged', message: `a skipped step chose ${missing.join(', ')}, which cannot be chosen again` });
    }
    return fidelityOf([...checks, ...(await this.#seen())]);
  }

  get #wantsFiles(): readonly { readonly made: Made; readonly state: PageState; readonly fields: readonly FieldPart[] }[] {
    return this.#states.flatMap(({ pages }, at) => {
      const made = this.#made[at];
      return !made ? [] : pages.flatMap((state) => {
        const fields = (state.document?.fields ?? []).filter(({ files }) => files !== undefined && files.length > 0);
        return fields.length === 0 ? [] : [{ made, state, fields }];
      });
    });
  }

  /** Pages that were opened for a skipped step and that the record no longer has. */
  #closed(opened: readonly Page[]): Page[] {
    const kept = new Set(this.#made.flatMap((made, at) => (this.#states[at]?.pages ?? []).map((page) => this.#pageOf(made, page))));
    return opened.filter((page) => !page.isClosed() && !kept.has(page));
  }

  /** The page of this browser that a recorded one is. Pages are numbered in the order in which a test makes them. */
  #pageOf(made: Made, { page }: PageState): Page | undefined {
    const found = this.#pages[Number(page.slice(1)) - 1];
    return found && made.pages.includes(found) && !found.isClosed() ? found : undefined;
  }
}
