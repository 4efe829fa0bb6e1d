import type { Browser, BrowserContext, BrowserContextOptions, Page } from '@playwright/test';
import { DomRecorder } from '../../dist/dom/index.js';
import type { DomPart, DomRecorderOptions } from '../../dist/dom/index.js';

/** Longest wait for a page to send what it holds, on a machine that does ten other things. */
const PATIENCE_MS = 20_000;

/** One rrweb event, as far as tests look into it. */
export interface RrwebEvent {
  readonly type: number;
  readonly data: Record<string, unknown>;
  readonly timestamp: number;
}

/** A context under recording and everything that was noticed about it. */
export class Recording {
  readonly parts: DomPart[] = [];
  readonly notices: { code: string; detail: unknown }[] = [];
  /** Page errors and console lines: the recorder must cause none. */
  readonly noise: string[] = [];
  framesAttached = 0;
  readonly context: BrowserContext;
  readonly recorder: DomRecorder;

  private constructor(context: BrowserContext, options: DomRecorderOptions) {
    this.context = context;
    this.recorder = new DomRecorder(
      { flush_timeout_ms: PATIENCE_MS, ...options },
      (part) => this.parts.push(part),
      (code, detail) => this.notices.push({ code, detail }),
    );
    context.on('weberror', (error) => this.noise.push(`pageerror: ${error.error().message}`));
    context.on('console', (message) => this.noise.push(`${message.type()}: ${message.text()}`));
    context.on('page', (page) => page.on('frameattached', () => (this.framesAttached += 1)));
  }

  /** A new context whose recorder is installed the way the fixture does it: in the handler, not awaited. */
  static async start(browser: Browser, options: DomRecorderOptions = {}, context: BrowserContextOptions = {}): Promise<Recording> {
    let recording: Recording | undefined;
    browser.once('context', (created) => {
      recording = new Recording(created, options);
      void recording.recorder.install(created);
    });
    const created = await browser.newContext(context);
    if (recording === undefined) throw new Error('the context event did not precede its promise');
    if (recording.context !== created) throw new Error('another context was recorded');
    return recording;
  }

  async flush(): Promise<void> {
    await this.recorder.flush(this.context);
  }

  /** All parts of a page as text. */
  text(): string {
    return this.parts.map((part) => part.events).join('\n');
  }

  /** Events of the newest recording of the page's main frame, or of the frame whose URL holds the given text. */
  events(page: Page, frameUrl?: string): RrwebEvent[] {
    const id: unknown = Reflect.get(page, '_guid');
    const mine = this.parts.filter((part) => part.page === id && (frameUrl === undefined ? this.#isMain(part, page) : part.frameUrl.includes(frameUrl)));
    const last = mine.at(-1);
    if (last === undefined) return [];
    const same = mine.filter((part) => part.stream === last.stream && part.generation === last.generation);
    return same.flatMap((part) => JSON.parse(part.events) as RrwebEvent[]);
  }

  #isMain(part: DomPart, page: Page): boolean {
    return part.frame === mainFrameId(page);
  }
}

/** Id of a page's main frame as the recorder gives it. */
export function mainFrameId(page: Page): string {
  return String(Reflect.get(page.mainFrame(), '_guid'));
}
