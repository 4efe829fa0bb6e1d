import type { BrowserContext, Frame, Page } from '@playwright/test';
import { Addresses } from './calls/addresses.js';
import type { Call } from './calls/connection.js';
import { property } from './calls/connection.js';
import { Exchanges } from './calls/exchanges.js';
import type { OnLeft } from './calls/memo.js';
import { Memo, isAct, isWait } from './calls/memo.js';
import { readTape } from './calls/recorded-tape.js';
import type { Backing } from './calls/stand-ins.js';
import { RecordedResponse } from './calls/stand-ins.js';
import { Waits, unanswerableIn } from './calls/waits.js';
import type { Append } from './network/findings.js';
import type { Order } from './order.js';
import type { Code, Report } from './progress.js';
import { quietly } from './quietly.js';
import { Replay } from './replay.js';
import type { Fidelity } from './restore/gate.js';
import type { Below } from './restore/restorer.js';
import { Restoration } from './restore/restoration.js';
import { readState } from './restore/state.js';
import { openSource } from './source.js';
import { TO_DO } from './verdict.js';

/** Why a replay left its way before the live part. */
export interface Left {
  readonly code: Code;
  readonly message: string;
  /** Further facts for the last line of progress. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** How the steps before the first live one are got over. */
export interface Way {
  readonly replay: Replay;
  /** Why it is not the one that was asked for. */
  readonly reason: string | undefined;
  /** Why it cannot even begin. */
  readonly blocked: { readonly code: Code; readonly message: string } | undefined;
  readonly left: Left | undefined;
  /** What getting over the skipped steps took, for the last line of progress. */
  readonly figures: Readonly<Record<string, number>>;
  opened(context: BrowserContext, below: Below): void;
  /** The first live step begins; `go` is called when the browser is there, at once where that is so already. */
  arrive(go: () => void): void;
  /** Answers a call of the test, or leaves it to `otherwise`. */
  intercept(call: Call, otherwise: () => Promise<unknown> | undefined): Promise<unknown> | undefined;
}

/** What is done to the world before the first live step, once; never rejects. */
export type Prepare = () => Promise<void>;

/** The way that an order asks for, as far as the record allows it. */
export function wayOf(order: Order, append: Append, tell: (report: Report) => void, prepare?: Prepare): Way {
  const drive = (reason?: string, blocked?: Way['blocked']): Way => new FastForward(new Replay(order, openSource(order, true), 'fast-forward', append), reason, blocked, prepare);
  if (order.strategy === 'fast-forward') return drive();
  const source = openSource(order, false);
  const replay = new Replay(order, source, 'restore', append, openSource(order, true));
  const tape = readTape(source);
  const { contexts, reasons } = readState(source.state());
  const lacking: Way['blocked'] =
    tape === undefined ? { code: 'NO_TAPE', message: `no recorded call can be read in ${order.trace}, where trace.playwright.zip is missing or damaged, so skipped steps cannot be answered. Replay with --strategy fast-forward` }
    : contexts.length === 0 && order.from_step > 1 ? { code: 'NO_SNAPSHOT', message: `the record has no state of the browser before step ${order.from_step}${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}. Give the key of its vault, or replay with --strategy fast-forward` }
    : undefined;
  if (lacking && order.strategy === 'auto') return drive(lacking.message);
  if (lacking || !tape) return drive(undefined, lacking);
  const unanswerable = order.strategy === 'auto' ? unanswerableIn(tape.waitsBefore(replay.plan.step.ts_ms)) : undefined;
  if (unanswerable !== undefined) return drive(unanswerable);
  const restoration = new Restoration(replay, contexts, tape);
  return new Restore(replay, restoration, tape, append, tell, prepare);
}

/** Every step is carried out, those before the first live one on the record. */
class FastForward implements Way {
  readonly replay: Replay;
  readonly reason: string | undefined;
  readonly blocked: Way['blocked'];
  readonly left: undefined = undefined;
  readonly figures: Readonly<Record<string, number>> = {};
  readonly #prepare: Prepare | undefined;

  constructor(replay: Replay, reason: string | undefined, blocked: Way['blocked'], prepare: Prepare | undefined) {
    this.replay = replay;
    this.#prepare = prepare;
    this.reason = reason;
    this.blocked = blocked;
  }

  opened(): void {
    // The browser comes to where it was by what the test does in it.
  }

  arrive(go: () => void): void {
    // At once where nothing is to be prepared, or the page's own requests would come to late answers.
    if (this.#prepare) void this.#prepare().then(go);
    else go();
  }

  intercept(call: Call, otherwise: () => Promise<unknown> | undefined): Promise<unknown> | undefined {
    return driven(this.replay, call, otherwise);
  }
}

/** A call of a step that is carried out. */
function driven(replay: Replay, call: Call, otherwise: () => Promise<unknown> | undefined): Promise<unknown> | undefined {
  // The page's timers are real and its answers come at once, so waiting for time to pass waits for nothing.
  if (replay.skipping && !call.internal && call.type === 'Frame' && call.method === 'waitForTimeout') return Promise.resolve({});
  return otherwise();
}

/** Steps before the first live one are answered from the tape, and the browser is put back. */
class Restore implements Way {
  readonly replay: Replay;
  readonly blocked: undefined = undefined;
  readonly #restoration: Restoration;
  readonly #memo: Memo;
  readonly #waits: Waits;
  readonly #addresses: Addresses;
  readonly #append: Append;
  readonly #tell: (report: Report) => void;
  readonly #prepare: Prepare | undefined;
  readonly #contexts: BrowserContext[] = [];
  #settled: Promise<void> | undefined;
  #isSettled = false;
  #isArriving = false;
  #left: Left | undefined;
  /** Why the skipped steps are carried out after all, where they are. */
  #reason: string | undefined;
  /** When the first call of the test came. */
  #begun_ms = 0;
  #restore_ms = 0;
  #skip_ms = 0;
  /** Of that, finding answers in the tape. */
  #answer_ms = 0;

  constructor(replay: Replay, restoration: Restoration, tape: ConstructorParameters<typeof Memo>[0], append: Append, tell: (report: Report) => void, prepare: Prepare | undefined) {
    this.#prepare = prepare;
    this.replay = replay;
    this.#restoration = restoration;
    this.#append = append;
    this.#tell = tell;
    const left: OnLeft = (code, message) => this.#leave(code, message);
    const exchanges = new Exchanges(replay);
    const backing = (page: Page): Backing => ({ replay, exchanges, page, left: (message) => left('UNSUPPORTED_HANDLE', `${message}. Replay with --strategy fast-forward`) });
    this.#addresses = new Addresses(replay, tape, exchanges);
    this.#waits = new Waits(tape, exchanges, backing, left);
    this.#memo = new Memo(tape, this.#waits, {
      response: ({ object }, { start_ms = 0, end_ms = 0 }) => {
        const loaded = exchanges.document(start_ms, end_ms);
        const page = pageOf(object);
        return loaded && page ? new RecordedResponse(loaded, backing(page)) : undefined;
      },
    }, left);
  }

  get figures(): Readonly<Record<string, number>> {
    return { skipped_calls: this.#memo.answered, skip_ms: Math.round(this.#skip_ms), answer_ms: Math.round(this.#answer_ms * 1000) / 1000, restore_ms: Math.round(this.#restore_ms) };
  }

  get left(): Left | undefined {
    return this.#left;
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  opened(context: BrowserContext, below: Below): void {
    this.#contexts.push(context);
    this.#restoration.opened(context, below);
  }

  arrive(go: () => void): void {
    if (this.#left) return;
    if (this.#reason !== undefined) return go();
    this.#skip_ms = performance.now() - this.#begun_ms - this.#restore_ms;
    if (this.#isSettled && !this.#restoration.hasMore(this.#waits.opened)) return go();
    this.#isArriving = true;
    this.#settled = this.#restored().then(async () => await this.#finished());
    void this.#settled.then(() => {
      if (!this.#left) go();
    });
  }

  /** What only the end of the skipped steps tells: files that they chose, and pages that were closed. */
  async #finished(): Promise<void> {
    if (this.#left || this.#reason !== undefined || !this.#restoration.hasMore(this.#waits.opened)) return;
    const fidelity = await this.#restoration.finished(this.#memo.chosen, this.#waits.opened);
    if (fidelity.checks.length === 0) return;
    this.#append('replay.fidelity', { ...fidelity });
    await this.#judged(fidelity);
  }

  intercept(call: Call, otherwise: () => Promise<unknown> | undefined): Promise<unknown> | undefined {
    // Bodies of the test's own client are asked for by Playwright itself.
    if (call.internal && !isWait(call)) return otherwise();
    if (this.#left) return isAct(call) ? Promise.reject(this.#error(this.#left)) : undefined;
    if (this.#reason !== undefined) return driven(this.replay, call, otherwise);
    if (!this.replay.skipping) return this.#memo.needsHandle(call) ? Promise.reject(this.#lacksHandle(call)) : otherwise();
    if (call.type === 'Frame') this.#waits.answerNavigations(call.object as Frame, () => this.replay.restoring);
    // The live part begins, and its first call came before the browser was there.
    if (this.#isArriving) return this.#restored().then(async () => await (this.#left ? Promise.reject(this.#error(this.#left)) : (otherwise() ?? call.proceed())));
    const taken = otherwise();
    if (taken) return taken;
    this.#begun_ms ||= performance.now();
    // The page is put back while nothing has happened yet, so that what is seen of it lies before the live part.
    if (this.#isSettled || !this.#restoration.isComplete || !(isAct(call) || isWait(call))) return this.#answered(call);
    if (isWait(call)) {
      // Waiting itself is the test's own affair; only what ends it is told from the tape.
      void this.#restored().then(() => (this.#left || this.#reason !== undefined ? undefined : this.#answered(call)));
      return undefined;
    }
    return this.#restored().then(async () => {
      if (this.#left) throw this.#error(this.#left);
      return await ((this.#reason === undefined ? this.#answered(call) : driven(this.replay, call, otherwise)) ?? call.proceed());
    });
  }

  #answered(call: Call): Promise<unknown> | undefined {
    const asked_ms = performance.now();
    const answer = this.#memo.answer(call, this.#isSettled);
    this.#answer_ms += performance.now() - asked_ms;
    return answer;
  }

  /** The browser is put back once; the live part never begins in one that is not near enough. */
  #restored(): Promise<void> {
    this.#settled ??= this.#restore();
    return this.#settled;
  }

  async #restore(): Promise<void> {
    // The application first: the browser is given the cookies that it gives, and the gate asks it.
    await this.#prepare?.();
    this.#tell({ state: 'restoring' });
    const begun_ms = performance.now();
    const fidelity = await this.#restoration.settled();
    this.#restore_ms = performance.now() - begun_ms;
    this.#append('replay.fidelity', { ...fidelity });
    await this.#judged(fidelity);
    this.#isSettled = true;
    if (!this.#left && this.#reason === undefined) for (const [page, id] of this.#restoration.named) this.#addresses.follow(page, id);
  }

  async #judged(fidelity: Fidelity): Promise<void> {
    if (fidelity.grade !== 'diverged') return;
    const diverged = fidelity.checks.filter(({ grade }) => grade === 'diverged');
    const why = diverged.map(({ name, message }) => `${name}: ${message ?? ''}`).join('; ');
    if (await this.#drivesAgain()) {
      this.#reason = `the browser could not be put back (${why})`;
      return this.#tell({ state: 'skipping', message: `${this.#reason}, so the skipped steps are carried out`, detail: { fidelity } });
    }
    if (diverged.every(({ name }) => name === 'server')) return void this.#leave('SERVER_DIVERGED', `the browser was put back, but ${diverged[0]?.message ?? ''}. ${TO_DO}`, { fidelity });
    this.#leave('SKIPPED_REGION_DIVERGED', `the browser could not be put back to where step ${this.replay.order.from_step} began (${why}). Replay with --strategy fast-forward`, { fidelity });
  }

  /** The skipped steps can be carried out in this very browser as long as none of them was answered and the application was not told of them. */
  async #drivesAgain(): Promise<boolean> {
    if (this.replay.order.strategy !== 'auto' || this.#prepare || this.#isArriving || this.#memo.answered > 0 || !(await this.#restoration.undone())) return false;
    this.replay.driveAgain();
    return true;
  }

  #lacksHandle({ type, method }: Call): Error {
    return this.#leave('UNSUPPORTED_HANDLE', `${type}.${method} needs an element or object that a skipped step was given; it belongs to a browser that is gone. Replay with --strategy fast-forward, or take a locator`);
  }

  #leave(code: Code, message: string, detail: Readonly<Record<string, unknown>> = {}): Error {
    this.#left ??= { code, message, detail: { ...detail, fallback: 'fast-forward' } };
    // Nothing that the test waits for comes any more: pages that are gone end every wait at once.
    for (const page of this.#contexts.flatMap((context) => context.pages())) quietly(page, async () => await page.close()).catch(() => undefined);
    return this.#error(this.#left);
  }

  #error({ code, message }: Left): Error {
    return new Error(`${code}: ${message}`);
  }
}

/** The page that a call is made in; nothing for one of a worker or context. */
function pageOf(object: object): Page | undefined {
  const isPage = property(object, '_type') === 'Page';
  const page = isPage ? object : property(object, '_page');
  return typeof page === 'object' && page !== null ? (page as Page) : undefined;
}
