import type { Browser, BrowserContext } from '@playwright/test';
import { PageIds } from '../../dist/identities.js';
import type { Hub } from '../../dist/network/hub.js';
import { connectHub } from '../../dist/network/hub.js';
import { CdpSource } from '../../dist/state/cdp-source.js';
import { PlainSource } from '../../dist/state/plain-source.js';
import { restoreScript } from '../../dist/state/script.js';
import type { Reading } from '../../dist/state/types.js';

/** Long enough for a machine that does ten other things. */
const PATIENCE_MS = 30_000;

/** A context whose state is read, on the recorder's own debugging connection. */
export class Subject {
  readonly context: BrowserContext;
  readonly #source: CdpSource;

  readonly #hub: Hub;

  private constructor(context: BrowserContext, hub: Hub, source: CdpSource) {
    this.context = context;
    this.#hub = hub;
    this.#source = source;
  }

  static async hub(browser: Browser): Promise<Hub> {
    const hub = await connectHub(browser, () => undefined);
    if (hub === undefined) throw new Error('this browser has no debugging connection of ours');
    return hub;
  }

  static async start(browser: Browser, hub: Hub, { max_bytes = 8 * 1024 * 1024, budget_ms = PATIENCE_MS }: { max_bytes?: number; budget_ms?: number }): Promise<Subject> {
    const context = await browser.newContext();
    return Subject.#of(context, hub, max_bytes, budget_ms);
  }

  /** The same context, read for another trace. */
  again(): Subject {
    return Subject.#of(this.context, this.#hub, 8 * 1024 * 1024, PATIENCE_MS);
  }

  /** A recorder that comes when the context is there already. */
  static async late(browser: Browser, context: BrowserContext): Promise<Subject> {
    return Subject.#of(context, await Subject.hub(browser), 8 * 1024 * 1024, PATIENCE_MS);
  }

  static #of(context: BrowserContext, hub: Hub, max_bytes: number, budget_ms: number): Subject {
    const source = CdpSource.of(context, hub.states, { pages: new PageIds(), settings: { max_state_bytes: max_bytes } }, budget_ms);
    if (source === undefined) throw new Error('the context has no id');
    return new Subject(context, hub, source);
  }

  async read(all = false): Promise<Reading> {
    return await this.#source.read(PATIENCE_MS, all);
  }

  async readWithin(bound_ms: number): Promise<Reading> {
    return await this.#source.read(bound_ms, false);
  }

  /** Reads as in browsers that have no debugging connection of ours. */
  async plainly(): Promise<Reading> {
    const source = PlainSource.of(this.context, { pages: new PageIds(), settings: { max_state_bytes: 8 * 1024 * 1024 } }, PATIENCE_MS);
    if (source === undefined) throw new Error('this release of Playwright cannot be asked quietly');
    return await source.read(PATIENCE_MS);
  }

  /** Reads until a part is as wanted: what another process tells comes when it comes. */
  async until(part: string, wanted: (value: unknown) => boolean): Promise<unknown> {
    const deadline = Date.now() + PATIENCE_MS;
    let last: unknown;
    while (Date.now() < deadline) {
      const { parts } = await this.read();
      if (parts.has(part)) last = valueOf(parts.get(part));
      if (wanted(last)) return last;
    }
    throw new Error(`\`${part}\` stayed ${JSON.stringify(last)?.slice(0, 500)}`);
  }
}

/** What a part's text says. */
export function valueOf(text: string | undefined): unknown {
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}

/** Makes recorded databases anew in the page. */
export function restoring(databases: unknown): string {
  return `(${restoreScript()})(${JSON.stringify(databases)})`;
}
