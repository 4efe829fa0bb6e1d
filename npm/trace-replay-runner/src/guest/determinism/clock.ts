import type { BrowserContext } from '@playwright/test';
import { quietly } from '../quietly.js';
import type { Replay } from '../replay.js';
import { shiftClock } from './page.js';

/**
 * The wall clock of the pages: at the first live step it shows what it showed when that step was recorded, so that what was issued
 * then (tokens, offers, dates on pages) is neither old nor of the future. Before that it runs from the recorded test's beginning.
 */
export class PageClock {
  readonly #replay: Replay;
  readonly #contexts = new Set<BrowserContext>();
  #by_ms: number | undefined;

  /** How far the clock is moved now; nothing where the record has none. */
  get by_ms(): number | undefined {
    return this.#by_ms;
  }

  constructor(replay: Replay) {
    this.#replay = replay;
    // The test begins once more.
    replay.onDriven(() => this.#move(replay.plan.step.ts_ms));
  }

  /** The test begins. A record without a wall clock leaves the pages theirs. */
  begin(): void {
    const { wall_ms_at_step: wall_ms, step } = this.#replay.plan;
    const ahead_ms = this.#replay.strategy === 'restore' ? 0 : step.ts_ms;
    if (wall_ms !== undefined) this.#by_ms = Math.round(wall_ms - ahead_ms - Date.now());
  }

  async install(context: BrowserContext): Promise<void> {
    const by_ms = this.#by_ms;
    if (by_ms === undefined || this.#contexts.has(context)) return;
    this.#contexts.add(context);
    context.once('close', () => this.#contexts.delete(context));
    await quietly(context, async () => await context.addInitScript(shiftClock, by_ms));
  }

  /** The first live step begins: all that is sent here reaches the pages before what that step does. */
  arrive(): void {
    this.#move(0);
  }

  #move(ahead_ms: number): void {
    const { wall_ms_at_step: wall_ms } = this.#replay.plan;
    if (wall_ms === undefined) return;
    const by_ms = (this.#by_ms = Math.round(wall_ms - ahead_ms - Date.now()));
    for (const context of this.#contexts) {
      quietly(context, async () => await context.addInitScript(shiftClock, by_ms)).catch(() => undefined);
      for (const frame of context.pages().flatMap((page) => page.frames())) quietly(frame, async () => await frame.evaluate(shiftClock, by_ms)).catch(() => undefined);
    }
  }
}
