import type { Frame, Page } from '@playwright/test';
import type { Replay } from '../replay.js';
import { property } from './connection.js';
import type { Exchanges } from './exchanges.js';
import { isRedirect } from './exchanges.js';
import type { Tape } from './tape.js';

/**
 * What `page.url()` says while steps are skipped: where the page stood then. The browser stands where it did at the end of them, and a
 * test that takes an id out of an address would take another one. Only loads of documents are known; an address that a page's own
 * script wrote is told where no document came after it.
 */
export class Addresses {
  readonly #replay: Replay;
  readonly #tape: Tape;
  readonly #exchanges: Exchanges;
  /** Frames, and where they stand. */
  readonly #followed = new Map<Frame, { url: unknown }>();

  constructor(replay: Replay, tape: Tape, exchanges: Exchanges) {
    this.#replay = replay;
    this.#tape = tape;
    this.#exchanges = exchanges;
    replay.onSwitch(() => this.#release());
    replay.onDriven(() => this.#release());
  }

  /** Follows a page of the test's, whose recorded name is given. */
  follow(page: Page, id: string): void {
    const frame = page.mainFrame();
    if (this.#followed.has(frame) || typeof property(frame, '_url') !== 'string') return;
    const real = { url: property(frame, '_url') };
    this.#followed.set(frame, real);
    Object.defineProperty(frame, '_url', { configurable: true, enumerable: true, get: () => this.#at(id) ?? real.url, set: (url: unknown) => void (real.url = url) });
  }

  /** Where a page stood before the next call of the test; nothing where that is where it stands at the end of the skipped steps. */
  #at(id: string): string | undefined {
    const { step } = this.#replay.plan;
    const now_ms = this.#tape.next?.start_ms ?? step.ts_ms;
    const loads = this.#exchanges.all.filter(({ resourceType, page, isMain, sent_ms, answer }) => resourceType === 'document' && page === id && isMain && sent_ms < step.ts_ms && answer && !isRedirect(answer.status));
    const before = loads.filter(({ sent_ms }) => sent_ms <= now_ms);
    if (before.length === loads.length) return undefined;
    const last = before.at(-1);
    return last ? this.#replay.replayed(last.url) : 'about:blank';
  }

  /** From the first live step on pages stand where they stand. */
  #release(): void {
    for (const [frame, { url }] of this.#followed) Object.defineProperty(frame, '_url', { configurable: true, enumerable: true, writable: true, value: url });
    this.#followed.clear();
  }
}
