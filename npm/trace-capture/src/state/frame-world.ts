import type { Cdp } from '../network/cdp-session.js';
import type { LookAnswer, QuickAnswer, QuickQuestion, SlowAnswer, SlowQuestion } from '../injected/state/reader.js';
import { readerScript, WORLD } from './script.js';

/** An answer that never was: everything is told. */
const NOTHING = -1;
const KEY_TRIES = 4;
/** Origin of a document that has no storage. */
const OPAQUE = 'null';

/** One document of a frame, with the reader in a world of its own: page and reader cannot see each other's globals. */
export class FrameWorld {
  readonly frameId: string;
  readonly isTop: boolean;
  readonly #cdp: Cdp;
  /** Resolves when the document can be asked. */
  readonly ready: Promise<void>;
  /** Resolves when it is known where its storage belongs, or that it has none. */
  readonly placed: Promise<void>;
  #contextId: number | undefined;
  #isReady = false;
  #isPlaced = false;
  #ack = NOTHING;
  #keyTries = 0;
  #forgotten = 0;
  /** Where the storage of this frame belongs: the origin, or origin and site for a frame of a third party. */
  storageKey: string | undefined;

  /** `isTop` is for the uppermost frame of a page, which never is a third party: its origin says where its storage belongs. */
  constructor(cdp: Cdp, frameId: string, isTop: boolean) {
    this.#cdp = cdp;
    this.frameId = frameId;
    this.isTop = isTop;
    const keyed = isTop ? undefined : this.findKey();
    const entered = this.#enter();
    // On its way before anything else is asked, and so there before it.
    const origin = entered.then(async () => await this.#evaluate(`globalThis.molarState ??= ${readerScript()};window.origin`));
    this.ready = entered.then(async () => {
      await keyed;
      this.#isReady = true;
    });
    this.placed = this.#place(origin).finally(() => (this.#isPlaced = true));
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get isPlaced(): boolean {
    return this.#isPlaced;
  }

  /** What can be read at once. Rejects when the document is gone. */
  async quick(storage: boolean, all: boolean): Promise<QuickAnswer> {
    const question: QuickQuestion = { ack: all ? NOTHING : this.#ack, storage };
    const forgotten = this.#forgotten;
    const answer = (await this.#ask('quick', question)) as QuickAnswer;
    if (forgotten === this.#forgotten) this.#ack = answer.number;
    return answer;
  }

  /** The last answer, or one that is still on its way, is of no use; the next is to be whole. */
  forget(): void {
    this.#forgotten += 1;
    this.#ack = NOTHING;
  }

  /**
   * Whether the storage key is that of the document's own origin. The browser may still name the document before, whose
   * storage would then be taken for empty: the key is asked for again.
   */
  belongsTo(origin: string): boolean {
    if (this.storageKey === undefined || this.storageKey.startsWith(`${origin}/`)) return true;
    this.storageKey = undefined;
    this.#keyTries = 0;
    this.forget();
    return false;
  }

  /** How much there is of what takes time. Rejects when the document is gone. */
  async look(): Promise<LookAnswer> {
    return (await this.#evaluate('molarState.look()')) as LookAnswer;
  }

  /** What takes time. Rejects when the document is gone. */
  async slow(question: SlowQuestion): Promise<SlowAnswer> {
    return (await this.#ask('slow', question)) as SlowAnswer;
  }

  /**
   * Asks where this frame's storage belongs, unless that is known. An opaque origin has no such place; a document that is
   * just being put in place does not say yet, so it is asked a few times.
   */
  async findKey(): Promise<void> {
    if (this.storageKey !== undefined || this.#keyTries >= KEY_TRIES) return;
    this.#keyTries += 1;
    const answer = await this.#cdp.send('Storage.getStorageKeyForFrame', { frameId: this.frameId }).catch(() => undefined);
    this.storageKey ??= (answer as { storageKey: string } | undefined)?.storageKey;
  }

  async #enter(): Promise<void> {
    const { frameId } = this;
    const { executionContextId } = (await this.#cdp.send('Page.createIsolatedWorld', { frameId, worldName: WORLD })) as { executionContextId: number };
    this.#contextId = executionContextId;
  }

  async #place(asked: Promise<unknown>): Promise<void> {
    const [origin] = await Promise.all([asked, this.ready]);
    if (typeof origin !== 'string') return;
    this.belongsTo(origin);
    if (origin === OPAQUE) this.#keyTries = KEY_TRIES;
    else if (this.isTop) this.storageKey ??= `${origin}/`;
    else await this.findKey();
  }

  async #ask(method: 'quick' | 'slow', question: QuickQuestion | SlowQuestion): Promise<unknown> {
    return await this.#evaluate(`molarState.${method}(${JSON.stringify(question)})`);
  }

  async #evaluate(expression: string): Promise<unknown> {
    const asked = { expression, contextId: this.#contextId ?? 0, returnByValue: true, awaitPromise: true };
    const answer = (await this.#cdp.send('Runtime.evaluate', asked)) as { result?: { value?: unknown }; exceptionDetails?: { exception?: { description?: string }; text?: string } };
    const { exceptionDetails } = answer;
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text ?? 'the reader failed');
    return answer.result?.value;
  }
}
