import type { Cdp } from '../network/cdp-session.js';
import { problems } from '../problems.js';
import type { Session } from '../session.js';

/** One painted frame of a page. */
export interface Frame {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly number: number;
}

interface FrameEvent {
  readonly data: string;
  readonly sessionId: number;
  readonly metadata?: { readonly deviceWidth?: number; readonly deviceHeight?: number; readonly timestamp?: number };
}

/** Frames come when something changed; acknowledging late keeps an animation from filling the machine. */
const ACK_MS = 80;
const QUALITY = 70;
const MAX_SIDE = 1_280;

/** Told about each new frame. */
export type FrameListener = (frame: Frame) => void;

/** Keeps the newest painted frame of one page. Nothing is ever captured on demand, so the test never waits for it. */
export class ScreencastSource {
  readonly #cdp: Cdp;
  readonly #current: () => Session | undefined;
  #listener: FrameListener | undefined;
  #number = 0;
  latest: Frame | undefined;

  constructor(cdp: Cdp, current: () => Session | undefined) {
    this.#cdp = cdp;
    this.#current = current;
  }

  enable(): void {
    if (this.#current()?.settings.screenshots === false) return;
    this.#tell('Page.enable');
    this.#tell('Page.startScreencast', { format: 'jpeg', quality: QUALITY, maxWidth: MAX_SIDE, maxHeight: MAX_SIDE, everyNthFrame: 1 });
  }

  listen(listener: FrameListener): void {
    this.#listener = listener;
  }

  event(method: string, params: unknown): void {
    if (method === 'Page.javascriptDialogOpening') return this.#dialog(params as { type?: string; message?: string; url?: string });
    if (method !== 'Page.screencastFrame') return;
    const { data, sessionId, metadata } = params as FrameEvent;
    setTimeout(() => this.#tell('Page.screencastFrameAck', { sessionId }), ACK_MS).unref();
    this.#number += 1;
    const size = { width: Math.round(metadata?.deviceWidth ?? 0), height: Math.round(metadata?.deviceHeight ?? 0) };
    this.latest = { data: Buffer.from(data, 'base64'), ...size, atMs: (metadata?.timestamp ?? Date.now() / 1000) * 1000, number: this.#number };
    this.#listener?.(this.latest);
  }

  /** A real capture, for the moment a test failed; the page may be too busy to give one. */
  async capture(): Promise<Buffer | undefined> {
    const answer = (await this.#cdp.send('Page.captureScreenshot', { format: 'png' })) as { data?: string };
    return answer.data === undefined ? undefined : Buffer.from(answer.data, 'base64');
  }

  /** Listening through Playwright would keep it from dismissing dialogs, so they are seen here. */
  #dialog({ type, message, url }: { type?: string; message?: string; url?: string }): void {
    this.#current()?.append('scenario.event', { name: 'dialog', data: { type: type ?? '', message: message ?? '', url: url ?? '' } });
  }

  #tell(method: string, params?: object): void {
    this.#cdp.send(method, params).catch((cause: unknown) => {
      // A page that closed in between needs no answer.
      if (process.env['MOLAR_TRACE_DEBUG'] === '1') problems.add(method, cause);
    });
  }
}
