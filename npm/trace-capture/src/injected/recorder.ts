import factory from 'molar:rrweb-record';
import { AttributeBuckets } from './attribute-bucket.js';
import { Covers } from './covers.js';
import { digestOf } from './digest.js';
import { changedNodes, MutationBudget, RateLimit } from './limits.js';
import { EventMasker } from './mask/events.js';
import { isSelector, MaskRules } from './mask/rules.js';
import type { Natives } from './natives.js';
import type { BatchQueue } from './queue.js';
import type { Mirror, MutationData, RrwebEvent, ShadowedNames } from './rrweb-types.js';
import { EventType, NodeType } from './rrweb-types.js';
import { shadowNames } from './shadows.js';
import type { CoverReport, DigestReport, InjectedOptions, NodeReport } from './wire.js';

const RETRY_MS = 250;
const WARNINGS_KEPT = 5;
/** What attributes came to is told this often while they change too fast to tell each. */
const RELEASE_MS = 1_000;
/** A score is taken again when this many times its own time has gone. */
const SCORE_SHARE = 20;

/** One running rrweb: what it observes and how to end it. */
interface Running {
  readonly document: Document;
  readonly root: Element;
  readonly stop: () => void;
}

/** Keeps exactly one rrweb recording of the window's current document, whatever the page does to that document. */
export class Recorder {
  readonly #natives: Natives;
  readonly #options: InjectedOptions;
  readonly #queue: BatchQueue;
  readonly #rules: MaskRules;
  readonly #restarts: RateLimit;
  readonly #observer: MutationObserver;
  /** Built once, before the page runs: at a restart the page may already have replaced what is copied here. */
  readonly #names: ShadowedNames;
  #covers: Covers | undefined;
  #mirror: Mirror | undefined;
  #observed: Document | undefined;
  #running: Running | undefined;
  /** Root element of a document that was given up; a new root is a new chance. */
  #givenUp: Element | undefined;
  #mutedGeneration = 0;
  #generation = 0;
  #slowTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #warnings = 0;
  #unscored = true;
  #release: () => void = () => undefined;
  #releaseTimer: ReturnType<typeof setTimeout> | undefined;
  #scoreAfter = 0;

  constructor(natives: Natives, options: InjectedOptions, queue: BatchQueue) {
    this.#natives = natives;
    this.#options = options;
    this.#queue = queue;
    this.#rules = new MaskRules(natives, options, (code, detail) => queue.notice(code, detail));
    this.#names = shadowNames(natives, (message) => this.#warned(message));
    this.#restarts = new RateLimit(options.restarts_per_second);
    this.#observer = natives.observe((records) => this.#changed(records));
    queue.onRecovered = (): void => this.restart('queue overflow');
  }

  /** Starts or restarts when the document or its root element is not the recorded one. Safe to call at any time. */
  readonly check = (): void => {
    const current = document;
    this.#observe(current);
    this.#listen();
    const root = current.documentElement as Element | null;
    if (root === null || this.#givenUp === root) return;
    if (this.#running === undefined) this.#startWhenReady(current);
    else if (this.#running.document !== current) this.restart('new document');
    else if (this.#running.root !== root) this.restart('new root');
  };

  /** A root that was taken out and put back is the same element, but rrweb has lost every node below it. */
  #changed(records: readonly MutationRecord[]): void {
    const root = this.#running?.root;
    for (const { removedNodes } of records) {
      for (let at = 0; at < removedNodes.length; at += 1) {
        if (removedNodes[at] === root && document.documentElement === root) return this.restart('root moved');
      }
    }
    this.check();
  }

  /** Takes a fresh full snapshot by running the bundle anew; at most so many times a second. */
  restart(reason: string): void {
    if (!this.#restarts.allows(this.#natives.now())) {
      this.#retry();
      return;
    }
    this.#queue.notice('dom.restart', { reason });
    this.#start();
  }

  /** Score of the current document; see `digestOf`. */
  digest(): DigestReport {
    const block = ['.rr-block', ...this.#options.block.filter(isSelector)].join(',');
    const source = {
      shadowRoot: this.#natives.shadowRoot,
      isBlocked: (element: Element): boolean => this.#natives.matches(element, block),
    };
    const { digest, nodes } = digestOf(document.body, source);
    return { version: 1, digest, nodes, stream: this.#queue.stream, generation: this.#generation };
  }

  /** Scores the document when it changed; a big one rarely, so that scoring never takes more than a small share of its time. */
  score(): void {
    this.release();
    const before = this.#natives.now();
    if (this.#running === undefined || !this.#unscored || before < this.#scoreAfter) return;
    const { digest, nodes } = this.digest();
    this.#unscored = false;
    this.#scoreAfter = before + (this.#natives.now() - before) * SCORE_SHARE;
    this.#queue.score(this.#generation, [1, digest, nodes]);
  }

  /** Where a picture of the page would show what is masked here. */
  covers(): CoverReport {
    this.#covers ??= new Covers(this.#rules, this.#natives, ['.rr-block', ...this.#options.block.filter(isSelector)].join(','));
    return this.#covers.report();
  }

  /** Name of a live node in the running recording. */
  idOf(node: Node): NodeReport | null {
    const id = this.#mirror?.getId(node) ?? -1;
    return id < 0 ? null : { stream: this.#queue.stream, generation: this.#generation, node: id };
  }

  #observe(current: Document): void {
    if (this.#observed === current) return;
    this.#observer.disconnect();
    this.#observer.observe(current, { childList: true });
    this.#observed = current;
  }

  /** `document.open` erases listeners of document and window; the functions are the same, so they never double. */
  #listen(): void {
    const { listen } = this.#natives;
    listen(window, 'DOMContentLoaded', this.check);
    listen(window, 'load', this.check);
    listen(document, 'readystatechange', this.check);
    listen(window, 'beforeunload', this.#leaving);
    listen(window, 'pagehide', this.#hidden);
    listen(document, 'visibilitychange', this.#hidden);
  }

  readonly #leaving = (): void => {
    this.release();
    this.#queue.urge();
  };
  readonly #hidden = (): void => {
    this.release();
    this.#queue.flush();
  };

  #startWhenReady(current: Document): void {
    const waits = this.#options.start === 'interactive' && current.readyState === 'loading';
    if (!waits) this.#start();
    else this.#slowTimer ??= this.#natives.setTimeout(() => this.#startSlow(), this.#options.slow_start_ms);
  }

  #startSlow(): void {
    if (this.#running !== undefined || (document.documentElement as Element | null) === null) return;
    this.#queue.notice('dom.start.slow', { after_ms: this.#options.slow_start_ms });
    this.#start();
  }

  #retry(): void {
    if (this.#retryTimer !== undefined) return;
    this.#queue.notice('dom.restart.limited', { per_second: this.#options.restarts_per_second });
    this.#retryTimer = this.#natives.setTimeout(() => {
      this.#retryTimer = undefined;
      this.check();
    }, RETRY_MS);
  }

  #start(): void {
    this.#stop();
    const current = document;
    const root = current.documentElement as Element | null;
    if (root === null) return;
    if (this.#slowTimer !== undefined) this.#natives.clearTimeout(this.#slowTimer);
    this.#generation += 1;
    this.#warnings = 0;
    try {
      this.#running = { document: current, root, stop: this.#record(this.#generation) };
      this.#listen();
    } catch (cause) {
      this.#givenUp = root;
      this.#queue.notice('dom.start.failed', { reason: String(cause) });
    }
  }

  #stop(): void {
    const running = this.#running;
    this.#running = undefined;
    try {
      running?.stop();
    } catch (cause) {
      // Observers of a document that is gone may refuse to be removed; they observe nothing any more.
      this.#queue.notice('dom.stop.failed', { reason: String(cause) });
    }
  }

  #record(generation: number): () => void {
    const record = factory(this.#names);
    this.#mirror = record.mirror;
    const masker = new EventMasker(this.#rules, record.mirror, (value) => this.#queue.teach(value));
    const emit = this.#emitter(generation, masker);
    const stop = asIfInteractive(() => record(this.#rrwebOptions(emit)));
    if (stop === undefined) throw new Error('rrweb did not start');
    return stop;
  }

  /** Handles one event of one generation; a change before the first snapshot is held until after it. */
  #emitter(generation: number, masker: EventMasker): (event: RrwebEvent) => void {
    const budget = new MutationBudget(this.#options, this.#natives.now());
    const buckets = new AttributeBuckets(this.#options);
    this.#release = (): void => this.#tellHeld(generation, buckets, masker);
    const held: RrwebEvent[] = [];
    let described = false;
    return (event) => {
      if (generation !== this.#generation || generation === this.#mutedGeneration) return;
      if (isEmptyFrame(event)) return;
      event.timestamp = this.#natives.now();
      if (!described && event.type === EventType.incremental) {
        held.push(event);
        return;
      }
      const tells = buckets.sift(event, event.timestamp);
      if (buckets.isHolding) this.#releaseTimer ??= this.#natives.setTimeout(() => this.release(), RELEASE_MS);
      if (!tells) return;
      this.#spend(event, budget);
      this.#send(generation, event, masker);
      if (event.type !== EventType.fullSnapshot) return;
      described = true;
      for (const late of held.splice(0)) this.#send(generation, { ...late, timestamp: event.timestamp }, masker);
    };
  }

  /** Tells now what attributes came to that changed too fast. */
  release(): void {
    if (this.#releaseTimer !== undefined) this.#natives.clearTimeout(this.#releaseTimer);
    this.#releaseTimer = undefined;
    this.#release();
  }

  #tellHeld(generation: number, buckets: AttributeBuckets, masker: EventMasker): void {
    const event = buckets.take(this.#natives.now(), (id) => this.#mirror?.getNode(id) != null);
    const merged = buckets.takeMerged();
    if (merged > 0) this.#queue.notice('dom.attributes.merged', { changes: merged });
    if (event !== undefined && generation === this.#generation) this.#send(generation, event, masker);
  }

  #send(generation: number, event: RrwebEvent, masker: EventMasker): void {
    try {
      masker.apply(event);
      this.#unscored = true;
      this.#queue.push(generation, event);
    } catch (cause) {
      // Unmasked content must not leave the page, so the event is given up; the stream then needs a new snapshot.
      this.#queue.notice('dom.mask.failed', { type: event.type, reason: String(cause) });
    }
  }

  #spend(event: RrwebEvent, budget: MutationBudget): void {
    const changed = changedNodes(event);
    if (changed === 0) return;
    const burst = budget.spend(changed, this.#natives.now());
    if (burst === 'fine') return;
    this.#queue.notice(burst === 'heavy' ? 'dom.mutations.heavy' : 'dom.recording.stopped', { changed });
    if (burst === 'too-much') this.#end();
  }

  /** Gives up on this document: screenshots go on, the page is no longer slowed. */
  #end(): void {
    this.#givenUp = document.documentElement;
    this.#mutedGeneration = this.#generation;
    this.#natives.setTimeout(() => this.#stop(), 0);
  }

  #warned(message: string): void {
    this.#warnings += 1;
    if (this.#warnings <= WARNINGS_KEPT) this.#queue.notice('dom.recorder.warned', { message: message.slice(0, 200) });
  }

  #rrwebOptions(emit: (event: RrwebEvent) => void): Record<string, unknown> {
    const block = this.#options.block.filter(isSelector).join(',');
    return {
      emit,
      recordAfter: 'DOMContentLoaded',
      errorHandler: (cause: unknown) => {
        this.#warned(String(cause));
        return true;
      },
      blockSelector: block === '' ? null : block,
      maskInputOptions: { password: true, hidden: true },
      slimDOMOptions: true,
      inlineStylesheet: false,
      inlineImages: false,
      collectFonts: false,
      recordCanvas: false,
      recordCrossOriginIframes: false,
      userTriggeredOnInput: true,
      sampling: { mousemove: 50, mousemoveCallback: 100, scroll: 100, media: 500 },
    };
  }
}

/**
 * A frame caught between its blank document and the parsed one is attached empty and again when loaded, under one id;
 * players keep the first and would show nothing. Changes directly below such a document are never emitted, so the
 * empty one can go.
 */
function isEmptyFrame(event: RrwebEvent): boolean {
  const { isAttachIframe, adds } = event.data as Partial<MutationData>;
  const node = adds?.[0]?.node;
  return isAttachIframe === true && node?.type === NodeType.document && node.childNodes?.length === 0;
}

/** rrweb begins at once on an interactive document and otherwise waits; during this call the document says so. */
function asIfInteractive<T>(run: () => T): T {
  if (document.readyState !== 'loading') return run();
  const current = document;
  Object.defineProperty(current, 'readyState', { configurable: true, get: () => 'interactive' });
  try {
    return run();
  } finally {
    Reflect.deleteProperty(current, 'readyState');
  }
}
