import type { Cdp } from '../network/cdp-session.js';
import { meter } from '../governor/index.js';
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

/** A page that keeps changing is looked at five times a second: more frames cost the test its processor and show little more. */
const PACE_MS = 200;
/** The same while pictures between steps are left out: those at steps still need a recent frame. */
const SHED_PACE_MS = 1_000;
/** How long after an acknowledgement a changing page would have sent its next frame. */
const SETTLE_MS = 120;
/** Shortest time between two frames that are asked for because a step begins or ends. */
const HURRY_MS = 150;
const START = { format: 'jpeg', quality: 70, maxWidth: 1_280, maxHeight: 1_280, everyNthFrame: 1, maxFramesInFlight: 1 };

/** Told about each new frame. */
export type FrameListener = (frame: Frame) => void;

/**
 * Keeps the newest painted frame of one page. The test never waits for a picture.
 *
 * Chromium throws away what is painted while a frame is not acknowledged, and says nothing: after a burst of changes the
 * last frame it sent shows a state from the middle (measured: in 2 of 5 bursts even when acknowledged at once, in 5 of 5
 * at our pace). Starting the screencast again sends the page as it is, so that is done once after every burst.
 */
export class ScreencastSource {
  readonly #cdp: Cdp;
  readonly #current: () => Session | undefined;
  readonly #listeners = new Set<FrameListener>();
  #number = 0;
  #running = false;
  #refreshing = false;
  #refreshedAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  latest: Frame | undefined;

  constructor(cdp: Cdp, current: () => Session | undefined) {
    this.#cdp = cdp;
    this.#current = current;
  }

  enable(): void {
    const wanted = this.#current()?.settings;
    if (wanted && !wanted.screenshots && !wanted.video) return;
    this.#running = true;
    this.#tell('Page.enable');
    this.#tell('Page.startScreencast', START);
  }

  /** Listens until the returned function is called. */
  listen(listener: FrameListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks for the page as it is now, without waiting; several steps in quick succession share a frame. */
  hurry(): void {
    if (Date.now() - this.#refreshedAtMs >= HURRY_MS) this.#refresh();
  }

  event(method: string, params: unknown): void {
    if (method === 'Page.javascriptDialogOpening') return this.#dialog(params as { type?: string; message?: string; url?: string });
    if (method === 'Page.screencastFrame') meter.measure('screenshots', () => this.#frame(params as FrameEvent));
  }

  #frame({ data, sessionId, metadata }: FrameEvent): void {
    this.#pace(sessionId);
    this.#number += 1;
    const size = { width: Math.round(metadata?.deviceWidth ?? 0), height: Math.round(metadata?.deviceHeight ?? 0) };
    const frame = { data: Buffer.from(data, 'base64'), ...size, atMs: (metadata?.timestamp ?? Date.now() / 1000) * 1000, number: this.#number };
    this.latest = frame;
    for (const listener of this.#listeners) listener(frame);
  }

  /** A real capture, for the moment a test failed; the page may be too busy to give one. */
  async capture(): Promise<Buffer | undefined> {
    const answer = (await this.#cdp.send('Page.captureScreenshot', { format: 'png' })) as { data?: string };
    return answer.data === undefined ? undefined : Buffer.from(answer.data, 'base64');
  }

  /** A frame that was asked for is acknowledged at once, since nothing may follow it; any other when its time is over. */
  #pace(sessionId: number): void {
    const asked = this.#refreshing;
    this.#refreshing = false;
    this.#after(asked ? 0 : this.#current()?.shed.has('screenshots') ? SHED_PACE_MS : PACE_MS, () => {
      this.#tell('Page.screencastFrameAck', { sessionId });
      if (!asked) this.#after(SETTLE_MS, () => this.#refresh());
    });
  }

  #refresh(): void {
    if (!this.#running || this.#refreshing) return;
    this.#refreshing = true;
    this.#refreshedAtMs = Date.now();
    clearTimeout(this.#timer);
    this.#tell('Page.stopScreencast');
    this.#tell('Page.startScreencast', START);
  }

  #after(ms: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, ms).unref();
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
