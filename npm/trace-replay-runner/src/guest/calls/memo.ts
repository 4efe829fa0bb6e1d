import type { Call } from './connection.js';
import { StandInHandles } from './handles.js';
import type { Tape, TapedCall } from './tape.js';
import type { Waits } from './waits.js';

/** Whose calls are answered from the tape. Contexts, pages and what configures them are made for real, since the live part needs them. */
const ANSWERED = new Set(['Frame', 'ElementHandle', 'JSHandle', 'Response', 'Request', 'Worker']);
/** Of a page only what acts on it; the rest sets it up. */
const ACTS_OF_PAGE = new Set([
  'reload', 'goBack', 'goForward', 'bringToFront', 'requestGC', 'screenshot', 'expectScreenshot', 'pdf', 'accessibilitySnapshot', 'snapshotForAI',
  'keyboardDown', 'keyboardUp', 'keyboardInsertText', 'keyboardType', 'keyboardPress', 'mouseMove', 'mouseDown', 'mouseUp', 'mouseClick', 'mouseWheel', 'touchscreenTap',
]);

/** What a context stores, which is put back as it was last. */
const STORED = new Set(['cookies', 'addCookies', 'clearCookies', 'storageState', 'setStorageState']);

/** Whether a call acts on a page, and does not only set it up or take it down. */
export function isAct({ type, method }: Pick<Call, 'type' | 'method'>): boolean {
  return ANSWERED.has(type) || (type === 'Page' && ACTS_OF_PAGE.has(method));
}

/** Whether a call tells of a wait for something that happens in the browser. */
export function isWait({ method }: Pick<Call, 'method'>): boolean {
  return method === '__waitInfo__';
}

/** Told when the skipped steps leave the record. */
export type OnLeft = (code: 'SKIPPED_REGION_DIVERGED' | 'UNSUPPORTED_HANDLE', message: string) => Error;

/** Objects that a skipped step is given out of the record. */
export interface Given {
  /** The answer that a call gave; nothing where the record has none. */
  response(call: Call, taped: TapedCall): object | undefined;
}

/** Answers the calls of skipped steps with what they gave when they were recorded. */
export class Memo {
  readonly #tape: Tape;
  readonly #left: OnLeft;
  readonly #waits: Waits;
  readonly #given: Given;
  readonly #handles = new StandInHandles();
  readonly #chosen: Call[] = [];
  #answered = 0;

  /** How many calls were answered. */
  get answered(): number {
    return this.#answered;
  }

  constructor(tape: Tape, waits: Waits, given: Given, left: OnLeft) {
    this.#tape = tape;
    this.#waits = waits;
    this.#given = given;
    this.#left = left;
  }

  /** The calls that chose files, whose content only the test has. */
  get chosen(): readonly Call[] {
    return this.#chosen;
  }

  /** Whether a call needs something of the browser that is gone. */
  needsHandle({ guid, params }: Pick<Call, 'guid' | 'params'>): boolean {
    return this.#handles.isOne(guid) || this.#handles.areIn(params);
  }

  /** Answers a call; nothing for one that is to be carried out. `isPutBack` says whether the browser is as the skipped steps left it. */
  answer(call: Call, isPutBack = true): Promise<unknown> | undefined {
    const { type, method, params } = call;
    if (method === 'updateSubscription') return undefined;
    if (isWait(call)) this.#waits.told(call);
    if (call.internal || isWait(call)) return undefined;
    if (type === 'BrowserContext' && STORED.has(method)) {
      const stored = this.#tape.take(type, method, params);
      return isPutBack && 'call' in stored ? this.#gave(call, stored.call) : undefined;
    }
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
    if (method === 'setInputFiles') this.#chosen.push(call);
    return this.#gave(call, taped.call);
  }

  #gave(call: Call, taped: TapedCall): Promise<unknown> {
    this.#answered += 1;
    return taped.error ? Promise.reject(failed(taped.error)) : Promise.resolve(this.#made(call, taped, taped.result));
  }

  /** Results with objects in them: answers come out of the record, elements are stand-ins whose calls are answered too, others say what they are when they are used. */
  #made(call: Call, taped: TapedCall, result: unknown): unknown {
    if (typeof result === 'string' && /^<\w+>$/.test(result)) return { _object: this.#object(call, taped, result.slice(1, -1)) };
    if (Array.isArray(result)) return result.map((one) => this.#made(call, taped, one));
    if (typeof result !== 'object' || result === null) return result ?? {};
    return Object.fromEntries(Object.entries(result).map(([name, one]) => [name, this.#made(call, taped, one)]));
  }

  #object(call: Call, taped: TapedCall, kind: string): object {
    return (kind === 'Response' ? this.#given.response(call, taped) : this.#handles.make(call.object, kind)) ?? this.#unsupported(taped, kind);
  }

  #unsupported({ class: type, method }: TapedCall, kind: string): object {
    const left = this.#left;
    return new Proxy({}, {
      get(_, name) {
        if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return undefined;
        throw left('UNSUPPORTED_HANDLE', `the test uses «${name}» of the ${kind} that ${type}.${method} gave in a skipped step; it belongs to a browser that is gone. Replay with --strategy fast-forward`);
      },
    });
  }
}

/** A recorded failure, as its caller saw it. */
export function failed({ message, name }: NonNullable<TapedCall['error']>): Error {
  const error = new Error(message ?? 'the recorded call failed');
  if (name !== undefined) error.name = name;
  return error;
}

function short(params: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(params, (_, value: unknown) => (typeof value === 'string' && value.length > 120 ? `${value.slice(0, 120)}…` : value)).slice(0, 300);
}
