import type { Cdp } from '../network/cdp-session.js';
import type { QuickAnswer, QuickQuestion, SlowAnswer, SlowQuestion } from '../injected/state/reader.js';
import { readerScript, WORLD } from './script.js';

/** An answer that never was: everything is told. */
const NOTHING = -1;
const KEY_TRIES = 4;

/** One document of a frame, with the reader in a world of its own: page and reader cannot see each other's globals. */
export class FrameWorld {
  readonly frameId: string;
  readonly #cdp: Cdp;
  readonly ready: Promise<void>;
  #contextId: number | undefined;
  #ack = NOTHING;
  #keyTries = 0;
  #forgotten = 0;
  /** Where the storage of this frame belongs: the origin, or origin and site for a frame of a third party. */
  storageKey: string | undefined;

  constructor(cdp: Cdp, frameId: string) {
    this.#cdp = cdp;
    this.frameId = frameId;
    this.ready = this.#open();
  }

  get isReady(): boolean {
    return this.#contextId !== undefined;
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

  async #open(): Promise<void> {
    const { frameId } = this;
    const keyed = this.findKey();
    const { executionContextId } = (await this.#cdp.send('Page.createIsolatedWorld', { frameId, worldName: WORLD })) as { executionContextId: number };
    await this.#cdp.send('Runtime.evaluate', { expression: `globalThis.molarState ??= ${readerScript()};0`, contextId: executionContextId });
    await keyed;
    this.#contextId = executionContextId;
  }

  async #ask(method: 'quick' | 'slow', question: QuickQuestion | SlowQuestion): Promise<unknown> {
    const answer = (await this.#cdp.send('Runtime.evaluate', {
      expression: `molarState.${method}(${JSON.stringify(question)})`,
      contextId: this.#contextId ?? 0,
      returnByValue: true,
      awaitPromise: true,
    })) as { result?: { value?: unknown }; exceptionDetails?: { exception?: { description?: string }; text?: string } };
    const { exceptionDetails } = answer;
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text ?? 'the reader failed');
    return answer.result?.value;
  }
}
