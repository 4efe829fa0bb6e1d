import type { BrowserContext, Frame } from '@playwright/test';
import { canBeQuiet, quietly } from '../dom/quiet.js';
import { guidOf } from '../identities.js';
import type { QuickAnswer, SlowAnswer } from '../injected/state/reader.js';
import { atMost } from '../wait.js';
import type { Subject } from './cdp-source.js';
import { Gathered } from './gathered.js';
import { readerScript } from './script.js';
import type { Reading, StateSource } from './types.js';

const DATABASE_BUDGET_MS = 400;

/**
 * Reads a context through Playwright alone, for browsers without a debugging session of ours. The reader then runs
 * among the page's own scripts, so a page that replaced what it uses is recorded as that page wants; history entries
 * and key generators are not to be had; and origins without an open frame keep what was known of them.
 */
export class PlainSource implements StateSource {
  readonly #context: BrowserContext;
  readonly #subject: Subject;
  readonly #budget_ms: number;

  private constructor(context: BrowserContext, subject: Subject, budget_ms: number) {
    this.#context = context;
    this.#subject = subject;
    this.#budget_ms = budget_ms;
  }

  /** Nothing where our calls would show in the user's report. */
  static of(context: BrowserContext, subject: Subject, budget_ms: number = DATABASE_BUDGET_MS): PlainSource | undefined {
    return canBeQuiet(context) ? new PlainSource(context, subject, budget_ms) : undefined;
  }

  async read(bound_ms: number): Promise<Reading> {
    const gathered = new Gathered();
    const cookies = atMost(bound_ms, quietly(this.#context, () => this.#context.cookies()));
    const frames = this.#context.pages().flatMap((page) => page.frames());
    await Promise.all(frames.map(async (frame) => await this.#frame(frame, gathered, bound_ms)));
    const found = await cookies;
    if (found === undefined) gathered.miss('cookies');
    else gathered.set('cookies', JSON.stringify(found));
    return gathered.reading();
  }

  async #frame(frame: Frame, gathered: Gathered, bound_ms: number): Promise<void> {
    const pageId = this.#subject.pages.page(guidOf(frame.page()));
    const frameId = this.#subject.pages.frame(guidOf(frame.page()), guidOf(frame));
    const question = JSON.stringify({ databases: true, caches: true, max_chars: this.#subject.settings.max_state_bytes, budget_ms: this.#budget_ms });
    const expression = `(async () => { const read = ${readerScript()}; return [location.origin, read.quick({ ack: -1, storage: true }), await read.slow(${question})]; })()`;
    const answer = await atMost(bound_ms, quietly(frame, async () => (await frame.evaluate(expression)) as [string, QuickAnswer, SlowAnswer]));
    if (answer === undefined) return gathered.missPage(pageId);
    gathered.frames(pageId, [frameId]);
    const [origin, quick, slow] = answer;
    if (quick.document !== undefined) gathered.set(`document ${frameId}`, quick.document);
    if (quick.local !== undefined) gathered.set(`local ${origin}/`, quick.local);
    if (quick.session !== undefined) gathered.set(`session ${pageId} ${origin}/`, quick.session);
    if (slow.databases !== undefined) gathered.setUnlessEmpty(`indexeddb ${origin}/`, slow.databases);
    if (slow.caches !== undefined) gathered.setUnlessEmpty(`caches ${origin}/`, slow.caches);
    if (slow.workers !== undefined) gathered.setUnlessEmpty(`workers ${origin}/`, slow.workers);
    for (const { database, fault } of slow.faults) gathered.fault(origin, database, fault);
    for (const [kind, count] of slow.lost) gathered.lost(origin, kind, count);
  }
}
