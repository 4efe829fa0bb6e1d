import type { Call } from './connection.js';
import type { Tape, TapedCall } from './tape.js';

/** Whose calls are answered from the tape. Contexts, pages and what configures them are made for real, since the live part needs them. */
const ANSWERED = new Set(['Frame', 'ElementHandle', 'JSHandle', 'Response', 'Request', 'Worker']);
/** Of a page only what acts on it; the rest sets it up. */
const ACTS_OF_PAGE = new Set([
  'reload', 'goBack', 'goForward', 'bringToFront', 'requestGC', 'screenshot', 'expectScreenshot', 'pdf', 'accessibilitySnapshot', 'snapshotForAI',
  'keyboardDown', 'keyboardUp', 'keyboardInsertText', 'keyboardType', 'keyboardPress', 'mouseMove', 'mouseDown', 'mouseUp', 'mouseClick', 'mouseWheel', 'touchscreenTap',
]);

/** Whether a call acts on a page, and does not only set it up or take it down. */
export function isAct({ type, method }: Pick<Call, 'type' | 'method'>): boolean {
  return ANSWERED.has(type) || (type === 'Page' && ACTS_OF_PAGE.has(method));
}

/** Whether a call tells of a wait for something that happens in the browser. */
export function isWait({ method }: Pick<Call, 'method'>): boolean {
  return method === '__waitInfo__';
}

/** Why skipped steps cannot be answered from the tape, where their waits alone say so. */
export function unanswerableIn(waits: readonly TapedCall[]): string | undefined {
  const event = waits.map(({ params }) => params['event']).find((one) => typeof one === 'string' && one !== '');
  return typeof event === 'string' ? `a skipped step waits for the event «${event}», which a restored browser does not repeat` : undefined;
}

/** Longest a skipped step waits for something that the browser may have reached already. */
const PATIENCE_MS = 2_000;

/** Told when the skipped steps leave the record. */
export type OnLeft = (code: 'SKIPPED_REGION_DIVERGED' | 'UNSUPPORTED_HANDLE', message: string) => Error;

/** Answers the calls of skipped steps with what they gave when they were recorded. */
export class Memo {
  readonly #tape: Tape;
  readonly #left: OnLeft;
  readonly #waiting = new Map<string, ReturnType<typeof setTimeout>>();

  #answered = 0;

  /** How many calls were answered. */
  get answered(): number {
    return this.#answered;
  }

  constructor(tape: Tape, left: OnLeft) {
    this.#tape = tape;
    this.#left = left;
  }

  /** Answers a call; nothing for one that is to be carried out. */
  answer(call: Call): Promise<unknown> | undefined {
    const { type, method, params } = call;
    if (method === 'updateSubscription') return undefined;
    if (method === '__waitInfo__') this.#waits(params);
    if (call.internal || method === '__waitInfo__') return undefined;
    if (!isAct(call)) {
      // What is carried out for real may stand on the tape as well.
      this.#tape.take(type, method, params);
      return undefined;
    }
    const taped = this.#tape.take(type, method, params);
    if ('differs' in taped) {
      const { expected } = taped.differs;
      const recorded = expected ? `${expected.class}.${expected.method}(${short(expected.params)})` : 'no further call';
      return Promise.reject(this.#left('SKIPPED_REGION_DIVERGED', `a skipped step called ${type}.${method}(${short(params)}) where the record has ${recorded}: an edit touches a skipped step. Replay from that step, or with --strategy fast-forward`));
    }
    this.#answered += 1;
    const { error, result } = taped.call;
    return error ? Promise.reject(failed(error)) : Promise.resolve(this.#made(taped.call, result));
  }

  /** Waiting is told when it begins and ends. What would end the wait for an event happened in the record only. */
  #waits({ phase, event, waitId }: Readonly<Record<string, unknown>>): void {
    const id = String(waitId);
    if (phase === 'after') clearTimeout(this.#waiting.get(id));
    if (phase !== 'before') return;
    const leave = (): void => void this.#left('UNSUPPORTED_HANDLE', `a skipped step waits for ${event ? `the event «${String(event)}»` : 'a navigation'}, which a restored browser does not repeat. Replay with --strategy fast-forward, or from that step`);
    if (event) return void leave();
    // Waits for an address or a load may be over at once, since the browser stands at its goal already.
    const timer = setTimeout(leave, PATIENCE_MS);
    timer.unref();
    this.#waiting.set(id, timer);
  }

  /** Results with objects in them: those cannot be had back, so they say so when they are used. */
  #made(call: TapedCall, result: unknown): unknown {
    if (typeof result === 'string' && /^<\w+>$/.test(result)) return { _object: this.#unsupported(call, result) };
    if (Array.isArray(result)) return result.map((one) => this.#made(call, one));
    if (typeof result !== 'object' || result === null) return result ?? {};
    return Object.fromEntries(Object.entries(result).map(([name, one]) => [name, this.#made(call, one)]));
  }

  #unsupported({ class: type, method }: TapedCall, kind: string): object {
    const left = this.#left;
    return new Proxy({}, {
      get(_, name) {
        if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return undefined;
        throw left('UNSUPPORTED_HANDLE', `the test uses «${name}» of the ${kind.slice(1, -1)} that ${type}.${method} gave in a skipped step; it belongs to a browser that is gone. Replay with --strategy fast-forward`);
      },
    });
  }
}

function failed({ message, name }: NonNullable<TapedCall['error']>): Error {
  const error = new Error(message ?? 'the recorded call failed');
  if (name !== undefined) error.name = name;
  return error;
}

function short(params: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(params, (_, value: unknown) => (typeof value === 'string' && value.length > 120 ? `${value.slice(0, 120)}…` : value)).slice(0, 300);
}
