import type { BrowserContext, Frame, Page } from '@playwright/test';
import { quietly } from '../quietly.js';
import type { Call } from './connection.js';
import { property } from './connection.js';
import type { Exchange, Exchanges } from './exchanges.js';
import { isRedirect } from './exchanges.js';
import type { OnLeft } from './memo.js';
import { failed } from './memo.js';
import type { Backing } from './stand-ins.js';
import { RecordedRequest, RecordedResponse } from './stand-ins.js';
import type { Tape, TapedCall } from './tape.js';

/** Events of a page that are told again out of the record, and when each of an exchange came. */
const TOLD: Readonly<{ [event: string]: (exchange: Exchange) => number | undefined }> = {
  request: ({ sent_ms }) => sent_ms,
  response: ({ answer }) => answer?.at_ms,
  requestfinished: ({ answer }) => answer?.at_ms,
  requestfailed: ({ failure }) => failure?.at_ms,
};
const OF_DOCUMENTS = new Set(['load', 'domcontentloaded', 'framenavigated']);
const STATES = ['load', 'domcontentloaded', 'networkidle', 'commit'];
/** Longest a skipped step goes on waiting when it was told what ended its wait; on a busy machine a page's events come late. */
const PATIENCE_MS = 10_000;
/** An answer is written when its body is there, which is after whoever waited for it went on. */
const LATE_MS = 2_000;

/** Why skipped steps cannot be answered from the tape, where their waits alone say so. */
export function unanswerableIn(waits: readonly TapedCall[]): string | undefined {
  const event = waits.map(({ params }) => String(params['event'] ?? '')).find((one) => one !== '' && !canEnd(one));
  return event === undefined ? undefined : `a skipped step waits for the event «${event}», which a restored browser does not repeat`;
}

function canEnd(event: string): boolean {
  return event in TOLD || OF_DOCUMENTS.has(event) || ['popup', 'page', 'close'].includes(event);
}

/** Ends the waits of skipped steps by what ended them in the record. */
export class Waits {
  readonly #tape: Tape;
  readonly #backing: (page: Page) => Backing;
  readonly #exchanges: Exchanges;
  readonly #left: OnLeft;
  readonly #opened: Page[] = [];
  readonly #waiting = new Map<string, ReturnType<typeof setTimeout> | undefined>();
  readonly #patched = new WeakSet<object>();

  constructor(tape: Tape, exchanges: Exchanges, backing: (page: Page) => Backing, left: OnLeft) {
    this.#tape = tape;
    this.#exchanges = exchanges;
    this.#backing = backing;
    this.#left = left;
  }

  /** Pages that were opened because a skipped step waited for one. */
  get opened(): readonly Page[] {
    return this.#opened;
  }

  /** A wait begins or ends. */
  told({ object, params: { phase, event, waitId } }: Call): void {
    const id = String(waitId);
    if (phase === 'after') {
      clearTimeout(this.#waiting.get(id));
      this.#waiting.delete(id);
    }
    if (phase !== 'before') return;
    const name = String(event ?? '');
    const leave = (): void => void this.#left('UNSUPPORTED_HANDLE', `a skipped step waits for ${name === '' ? 'a navigation' : `the event «${name}»`}, which a restored browser does not repeat. Replay with --strategy fast-forward, or from that step`);
    if (name !== '' && !canEnd(name)) return leave();
    const taped = this.#tape.takeWait(name);
    // One that was in vain is so again, in the time that the test gives it.
    if (taped?.error) return;
    this.#waiting.set(id, undefined);
    const ended = (): void => {
      if (!this.#waiting.has(id)) return;
      const timer = setTimeout(leave, PATIENCE_MS);
      timer.unref();
      this.#waiting.set(id, timer);
    };
    // Whoever waits listens only when this call has returned.
    setImmediate(() => void this.#end(object, name, taped).then(ended, leave));
  }

  /** Answers waits for addresses of a frame's class, as long as `isSkipping`. */
  answerNavigations(frame: Frame, isSkipping: () => boolean): void {
    const kind = Object.getPrototypeOf(frame) as { waitForNavigation?: (options?: object) => Promise<unknown> };
    const { waitForNavigation } = kind;
    if (this.#patched.has(kind) || typeof waitForNavigation !== 'function') return;
    this.#patched.add(kind);
    const answered = async (waiting: Frame): Promise<unknown> => await this.#navigated(waiting);
    kind.waitForNavigation = async function (this: Frame, options?: object): Promise<unknown> {
      return await (isSkipping() ? answered(this) : Reflect.apply(waitForNavigation, this, [options]));
    };
  }

  async #navigated(frame: Frame): Promise<unknown> {
    const taped = this.#tape.takeWait('');
    if (taped?.error) throw failed(taped.error);
    const { start_ms = 0, end_ms = 0 } = taped ?? {};
    const loaded = taped ? this.#exchanges.document(start_ms, end_ms) : undefined;
    return loaded ? new RecordedResponse(loaded, this.#backing(frame.page())) : null;
  }

  async #end(waiting: object, event: string, taped: TapedCall | undefined): Promise<void> {
    if (event === 'popup' || event === 'page') return await this.#open(waiting, event, taped);
    const page = pageOf(waiting);
    if (!page) return;
    if (event === 'close') return await quietly(page, async () => await page.close());
    if (event === '') return reachStates(page);
    if (OF_DOCUMENTS.has(event)) return emit(waiting, event, event === 'framenavigated' ? page.mainFrame() : page);
    const at = TOLD[event];
    if (!at || !taped) return;
    const { start_ms = 0, end_ms = Infinity } = taped;
    const came = this.#exchanges.all.flatMap((exchange) => {
      const at_ms = at(exchange);
      return at_ms === undefined || at_ms < start_ms || at_ms > end_ms + LATE_MS ? [] : [{ exchange, at_ms }];
    });
    const backing = this.#backing(page);
    for (const { exchange } of came.sort((a, b) => a.at_ms - b.at_ms)) {
      if (event === 'requestfinished' && isRedirect(exchange.answer?.status ?? 0)) continue;
      emit(waiting, event, event === 'response' ? new RecordedResponse(exchange, backing) : new RecordedRequest(exchange, backing));
    }
  }

  /** Opens a page as the application did, without its address: what it had is put back with the others. */
  async #open(waiting: object, event: string, taped: TapedCall | undefined): Promise<void> {
    // The test opens it itself.
    if (event === 'page' && taped && this.#tape.hasDuring(taped, 'BrowserContext', 'newPage')) return;
    const opener = event === 'popup' ? (waiting as Page) : (waiting as BrowserContext).pages().find((page) => !page.isClosed());
    if (!opener) return;
    opener.context().once('page', (page) => this.#opened.push(page));
    await quietly(opener, async () => await opener.evaluate(() => void window.open('about:blank')));
  }
}

function pageOf(waiting: object): Page | undefined {
  if (property(waiting, '_type') === 'Page') return waiting as Page;
  return property(waiting, '_type') === 'BrowserContext' ? (waiting as BrowserContext).pages().at(0) : undefined;
}

function emit(owner: object, event: string, value: unknown): void {
  const send = property(owner, 'emit');
  if (typeof send === 'function') Reflect.apply(send, owner, [event, value]);
}

/** A document that was put back has loaded; what goes on in it does not matter to a step that is not carried out. */
function reachStates(page: Page): void {
  for (const frame of page.frames()) for (const state of STATES) emit(property(frame, '_eventEmitter') as object, 'loadstate', state);
}
