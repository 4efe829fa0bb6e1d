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
/** A look that shows nothing for so long has been forgotten by the browser. */
const SILENT_MS = 1_000;
const START = { format: 'jpeg', quality: 70, maxWidth: 1_280, maxHeight: 1_280, everyNthFrame: 1, maxFramesInFlight: 1 };

/** Told about each new frame. */
export type FrameListener = (frame: Frame) => void;

/**
 * Keeps the newest painted frame of one page. The test never waits for a picture.
 *
 * While a screencast runs, Chromium copies whatever is painted, up to a hundred times a second, even what it never sends because a
 * frame is not acknowledged (measured on a busy page: a third of all processor time of a suite). And it throws that away in silence: after a burst
 * of changes the last frame it sent shows a state from the middle. So a page that changes is looked at now and then: each look
 * starts the screencast, which sends the page as it is, and ends it. Once a look shows what the last one did, the page is at
 * rest, and the screencast stays on until something is painted, which costs nothing meanwhile.
 */
export class ScreencastSource {
  readonly #cdp: Cdp;
  readonly #current: () => Session | undefined;
  readonly #listeners = new Set<FrameListener>();
  #number = 0;
  #enabled = false;
  /** Whether the screencast is on, and whether its first frame, the page as it is, has yet to come. */
  #casting = false;
  #looking = false;
  #lookedAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The newest frame as it was sent. */
  #text = '';
  latest: Frame | undefined;

  constructor(cdp: Cdp, current: () => Session | undefined) {
    this.#cdp = cdp;
    this.#current = current;
  }

  /** The page is gone, so there is nothing to look at. */
  end(): void {
    this.#enabled = false;
    clearTimeout(this.#timer);
  }

  enable(): void {
    const wanted = this.#current()?.settings;
    if (wanted && !wanted.screenshots && !wanted.video) return;
    this.#enabled = true;
    this.#tell('Page.enable');
    this.#look();
  }

  /** Listens until the returned function is called. */
  listen(listener: FrameListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks for the page as it is now, without waiting; several steps in quick succession share a frame. */
  hurry(): void {
    if (Date.now() - this.#lookedAtMs >= PACE_MS) this.#again();
  }

  event(method: string, params: unknown): void {
    if (method === 'Page.javascriptDialogOpening') return this.#dialog(params as { type?: string; message?: string; url?: string });
    if (method === 'Page.loadEventFired' && this.#casting) return this.#again();
    if (method === 'Page.screencastFrame') meter.measure('screenshots', () => this.#frame(params as FrameEvent));
  }

  #frame({ data, sessionId, metadata }: FrameEvent): void {
    // One that was on its way when the look ended is older than what the next look shows.
    if (!this.#casting) return;
    const isSame = data === this.#text;
    if (this.#looking && isSame) this.#tell('Page.screencastFrameAck', { sessionId });
    else this.#rest();
    this.#looking = false;
    const atMs = (metadata?.timestamp ?? Date.now() / 1000) * 1000;
    this.latest = isSame && this.latest ? { ...this.latest, atMs } : this.#decode(data, metadata, atMs);
    for (const listener of this.#listeners) listener(this.latest);
  }

  #decode(data: string, metadata: FrameEvent['metadata'], atMs: number): Frame {
    this.#text = data;
    this.#number += 1;
    const size = { width: Math.round(metadata?.deviceWidth ?? 0), height: Math.round(metadata?.deviceHeight ?? 0) };
    return { data: Buffer.from(data, 'base64'), ...size, atMs, number: this.#number };
  }

  /** A real capture, for the moment a test failed; the page may be too busy to give one. */
  async capture(): Promise<Buffer | undefined> {
    const answer = (await this.#cdp.send('Page.captureScreenshot', { format: 'png' })) as { data?: string };
    return answer.data === undefined ? undefined : Buffer.from(answer.data, 'base64');
  }

  /**
   * Looks whatever the screencast does. One that is on while another document comes can fall silent for good (seen on a busy machine in
   * 6 of 6 traces, whose steps then had the picture of a page left long ago), so a new document and a step begin it anew.
   */
  #again(): void {
    if (this.#casting) this.#tell('Page.stopScreencast');
    this.#casting = false;
    this.#look();
  }

  #look(): void {
    if (!this.#enabled || this.#casting) return;
    clearTimeout(this.#timer);
    this.#casting = true;
    this.#looking = true;
    this.#lookedAtMs = Date.now();
    this.#timer = setTimeout(() => this.#repeat(), SILENT_MS).unref();
    this.#tell('Page.startScreencast', START);
  }

  /** A look that another document put an end to is begun anew; a test of three seconds had no picture at all once, on a busy machine. */
  #repeat(): void {
    if (this.#looking && this.#enabled) this.#again();
  }

  /** Something has changed: the screencast ends, and the next look shows what became of it. */
  #rest(): void {
    clearTimeout(this.#timer);
    this.#casting = false;
    this.#tell('Page.stopScreencast');
    const pace_ms = this.#current()?.shed.has('screenshots') ? SHED_PACE_MS : PACE_MS;
    this.#timer = setTimeout(() => this.#look(), pace_ms).unref();
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
