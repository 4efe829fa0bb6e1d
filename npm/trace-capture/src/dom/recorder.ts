import { randomBytes } from 'node:crypto';
import type { BrowserContext, Frame, Page } from '@playwright/test';
import type { CoverReport, CoveredBox, DigestReport, FlushReport, InjectedHandle } from '../injected/wire.js';
import { TAUGHT } from '../injected/wire.js';
import type { Batch } from './batch.js';
import { parseBatch } from './batch.js';
import { cleanUrl } from '../injected/mask/text.js';
import { Identities } from './identity.js';
import type { Names } from './options.js';
import { injectedOptions } from './options.js';
import { meter } from '../governor/index.js';
import { canBeQuiet, quietly } from './quiet.js';
import { atMost } from '../wait.js';
import { initScript } from './script.js';
import type { Surroundings } from './surroundings.js';
import { SurroundingsFinder } from './surroundings.js';
import type { DomFlushResult, DomNoticeSink, DomPart, DomRecorderOptions, DomSession, DomSink } from './types.js';

const FLUSH_TIMEOUT_MS = 500;

interface Source {
  readonly page: Page;
  readonly frame: Frame;
}

/**
 * Records the DOM of every document of a browser context through rrweb, and hands the recording on as parts.
 *
 * One recorder serves any number of contexts. Nothing here throws into a test: what fails becomes a notice.
 */
export class DomRecorder {
  readonly #options: DomRecorderOptions;
  readonly #sink: DomSink;
  readonly #notice: DomNoticeSink;
  readonly #teach: (value: string) => void;
  readonly #identities = new Identities();
  readonly #names: Names;
  readonly #batches = new Map<string, number>();
  readonly #installed = new WeakSet<BrowserContext>();
  readonly #finder: SurroundingsFinder;
  /** Sessions of pages, by which their main frames are asked: a call of Playwright's costs the test's thread ten times as much. */
  readonly #sessions = new WeakMap<Page, DomSession>();
  /** Streams of frames of another origin, held until it is known whether their surroundings are private. */
  readonly #surroundings = new Map<string, Promise<Surroundings>>();

  /** `teach` is told what secret fields of the pages hold; it is for the redaction alone. */
  constructor(options: DomRecorderOptions, sink: DomSink, sinkNotice: DomNoticeSink, teach: (value: string) => void = () => undefined) {
    this.#options = options;
    this.#sink = sink;
    this.#notice = sinkNotice;
    this.#teach = teach;
    const usesFast = options.transport !== 'plain';
    this.#names = { binding: randomName(), fast_binding: usesFast ? randomName() : '', handle: randomName() };
    this.#finder = new SurroundingsFinder(options, this.#names.handle);
  }

  /**
   * Starts recording a context. Call it first thing in the `browser.on('context')` handler and do not await it there:
   * binding and script are sent before this returns, so they precede every script the test adds.
   * The promise tells when the browser has acknowledged them; it never rejects.
   */
  async install(context: BrowserContext): Promise<void> {
    if (this.#installed.has(context)) return;
    this.#installed.add(context);
    try {
      const content = initScript(injectedOptions(this.#options, this.#names));
      const receive = (source: Source, text: unknown): void => this.#receive(source, text);
      const sent = [
        quietly(context, () => context.exposeBinding(this.#names.binding, receive)),
        quietly(context, () => context.addInitScript({ content })),
      ];
      const open = context.pages();
      this.#watch(context);
      await Promise.all(sent);
      await this.#startIn(open.flatMap(framesOf), content);
    } catch (cause) {
      this.#notice('dom.install.failed', { reason: reasonOf(cause) });
    }
  }

  /** Has every recorder of a page or context send what it holds. Takes at most the configured bound. */
  async flush(target: Page | BrowserContext): Promise<DomFlushResult> {
    const frames = framesOf(target);
    const bound = this.#options.flush_timeout_ms ?? FLUSH_TIMEOUT_MS;
    const reports = await Promise.all(frames.map((frame) => atMost(bound, this.#ask(frame, 'flush'))));
    await atMost(bound, Promise.all(this.#surroundings.values()));
    const unanswered = reports.filter((report) => report === undefined).length;
    for (const report of reports) this.#checkArrival(report);
    const pending = reports.reduce<number>((sum, report) => sum + pendingOf(report), 0);
    if (pending > 0) this.#notice('dom.flush.incomplete', { pending });
    return { frames: frames.length, unanswered, pending };
  }

  /** Has every recorder of the page check that it records the current document. Bounded like `flush`. */
  async ensure(page: Page): Promise<void> {
    const bound = this.#options.flush_timeout_ms ?? FLUSH_TIMEOUT_MS;
    await Promise.all(framesOf(page).map((frame) => atMost(bound, this.#ask(frame, 'ensure'))));
  }

  /** Digest of each recorded document of the page as it is now, by frame id; frames without a recorder are left out. */
  async digest(page: Page): Promise<ReadonlyMap<string, DigestReport>> {
    const bound = this.#options.flush_timeout_ms ?? FLUSH_TIMEOUT_MS;
    const asked = framesOf(page).map(async (frame) => {
      const report = await atMost(bound, this.#ask(frame, 'digest'));
      return [this.#identities.of(frame, 'frame'), report] as const;
    });
    const digests = new Map<string, DigestReport>();
    for (const [frame, report] of await Promise.all(asked)) if (report) digests.set(frame, report as DigestReport);
    return digests;
  }

  /** Has every recorder of the page send a score of its document behind what it has recorded. Bounded like `flush`. */
  async score(page: Page): Promise<void> {
    const bound = this.#options.flush_timeout_ms ?? FLUSH_TIMEOUT_MS;
    await Promise.all(framesOf(page).map((frame) => atMost(bound, this.#ask(frame, 'score'))));
  }

  /** Where pictures of the page would show what its recording masks; nothing when the page does not answer in time. */
  async covers(page: Page, bound_ms: number): Promise<readonly CoveredBox[] | undefined> {
    const report = (await atMost(bound_ms, this.#ask(page.mainFrame(), 'covers'))) as CoverReport | undefined | null;
    if (report === undefined || report === null) return undefined;
    if (report.foreign.length === 0) return report.boxes;
    // Which frame is in which box is not known here, so one that hides something covers all of them.
    const others = page.frames().filter((frame) => frame.parentFrame() !== null);
    const inner = await Promise.all(others.map(async (frame) => (await atMost(bound_ms, this.#ask(frame, 'covers'))) as CoverReport | undefined | null));
    const hides = inner.some((frame) => frame !== undefined && frame !== null && frame.boxes.length > 0);
    return hides ? [...report.boxes, ...report.foreign] : report.boxes;
  }

  /** Records the page's documents anew, with a full snapshot: the answer to a digest that does not match. */
  async restart(page: Page, reason: string): Promise<void> {
    const bound = this.#options.flush_timeout_ms ?? FLUSH_TIMEOUT_MS;
    await Promise.all(framesOf(page).map((frame) => atMost(bound, this.#ask(frame, 'restart', reason))));
  }

  #watch(context: BrowserContext): void {
    const watchPage = (page: Page): void => {
      void this.#speedUp(page);
      page.on('domcontentloaded', () => {
        if (canBeQuiet(page)) void this.ensure(page);
      });
    };
    context.on('page', watchPage);
    for (const page of context.pages()) watchPage(page);
  }

  /** Adds the raw protocol binding for the documents to come. Where it cannot be had, the plain one goes on. */
  async #speedUp(page: Page): Promise<void> {
    const { fast_binding: name } = this.#names;
    if (name === '' || page.context().browser()?.browserType().name() === 'firefox') return;
    const open = this.#options.cdpSession ?? (async (of: Page): Promise<DomSession> => await of.context().newCDPSession(of));
    await atMost(FLUSH_TIMEOUT_MS, quietly(page, async () => {
      const session = await open(page);
      session.on('Runtime.bindingCalled', (call) => {
        if (call.name === name) this.#receive({ page, frame: page.mainFrame() }, call.payload);
      });
      // Only an enabled domain adds its bindings to the documents to come.
      await Promise.all([session.send('Runtime.enable'), session.send('Runtime.addBinding', { name })]);
      this.#sessions.set(page, session);
    }));
    // It also appeared in the document that is open now, which keeps its plain binding and is to hide this one.
    await this.ensure(page);
  }

  /** Documents that were there before the recorder, as in a persistent context: init scripts only reach later ones. */
  async #startIn(frames: readonly Frame[], script: string): Promise<void> {
    const bound = this.#options.flush_timeout_ms ?? FLUSH_TIMEOUT_MS;
    await Promise.all(frames.map((frame) => atMost(bound, quietly(frame, () => frame.evaluate(script)))));
  }

  async #ask(frame: Frame, method: keyof InjectedHandle, reason = ''): Promise<unknown> {
    const session = frame.parentFrame() === null ? this.#sessions.get(frame.page()) : undefined;
    return session ? await this.#askDirectly(session, method, reason) : await this.#askFrame(frame, method, reason);
  }

  async #askDirectly(session: DomSession, method: keyof InjectedHandle, reason: string): Promise<unknown> {
    const expression = `globalThis[${JSON.stringify(this.#names.handle)}]?.${method}(${JSON.stringify(reason)}) ?? null`;
    const answer = (await session.send('Runtime.evaluate', { expression, returnByValue: true, silent: true })) as { result?: { value?: unknown }; exceptionDetails?: unknown };
    if (answer.exceptionDetails !== undefined) throw new Error('the recorder in the page failed');
    return answer.result?.value ?? null;
  }

  async #askFrame(frame: Frame, method: keyof InjectedHandle, reason: string): Promise<unknown> {
    const ask = ([handle, name, argument]: readonly [string, string, string]): unknown => {
      const recorder: unknown = Reflect.get(globalThis, handle);
      if (typeof recorder !== 'object' || recorder === null) return null;
      const deed: unknown = Reflect.get(recorder, name);
      return typeof deed === 'function' ? (deed(argument) ?? null) : null;
    };
    return await quietly(frame, () => frame.evaluate(ask, [this.#names.handle, method, reason] as const));
  }

  #receive(source: Source, text: unknown): void {
    meter.measure('dom', () => this.#read(source, text));
  }

  #read(source: Source, text: unknown): void {
    const batch = parseBatch(text);
    const place = { page: this.#identities.of(source.page, 'page'), frame: this.#identities.of(source.frame, 'frame') };
    if ('fault' in batch) {
      this.#notice('dom.batch.malformed', { ...place, reason: batch.fault });
      return;
    }
    this.#count(batch, place);
    for (const { code, detail } of batch.notices) {
      if (code === TAUGHT) this.#teach(String(detail['value'] ?? ''));
      else this.#notice(code, { ...detail, ...place });
    }
    const { stream, generation } = batch;
    const frameUrl = cleanUrl(source.frame.url());
    const parts = batch.parts.map((part) => ({ ...part, ...place, frameUrl, stream, generation }));
    if (source.frame.parentFrame() === null) for (const part of parts) this.#pass(part);
    else void this.#passWhenAllowed(source.frame, stream, parts);
  }

  /** Keeps the order of a stream: all its batches wait for the same promise and go on in the order they came. */
  async #passWhenAllowed(frame: Frame, stream: string, parts: readonly DomPart[]): Promise<void> {
    const known = this.#surroundings.get(stream);
    const finding = known ?? this.#finder.find(frame);
    this.#surroundings.set(stream, finding);
    const { verdict, holder } = await finding;
    const place = holder === undefined ? {} : { holder };
    if (verdict === 'open') for (const part of parts) this.#pass({ ...part, ...place });
    else if (known === undefined) this.#notice('dom.frame.private', { frame: this.#identities.of(frame, 'frame'), verdict });
  }

  /** Batches of a stream are numbered without gaps; a gap is a loss on the way that nobody else would see. */
  #count(batch: Batch, place: { readonly page: string; readonly frame: string }): void {
    const last = this.#batches.get(batch.stream) ?? 0;
    if (batch.number !== last + 1) {
      this.#notice('dom.batch.lost', { ...place, stream: batch.stream, expected: last + 1, got: batch.number });
    }
    this.#batches.set(batch.stream, Math.max(last, batch.number));
  }

  /** What a recorder says it has handed over must be here by now: its answer came after its batches. */
  #checkArrival(report: unknown): void {
    const { stream, batch } = (report ?? {}) as Partial<FlushReport>;
    if (typeof stream !== 'string' || typeof batch !== 'number') return;
    const arrived = this.#batches.get(stream) ?? 0;
    if (arrived < batch) this.#notice('dom.batch.lost', { stream, expected: batch, got: arrived });
  }

  #pass(part: DomPart): void {
    try {
      this.#sink(part);
    } catch (cause) {
      this.#notice('dom.sink.failed', { stream: part.stream, reason: reasonOf(cause) });
    }
  }
}

function randomName(): string {
  return `__molar_${randomBytes(8).toString('hex')}`;
}

function framesOf(target: Page | BrowserContext): Frame[] {
  const pages = 'pages' in target ? target.pages() : [target];
  return pages.filter((page) => !page.isClosed()).flatMap((page) => page.frames());
}

function pendingOf(report: unknown): number {
  const { pending } = (report ?? {}) as Partial<FlushReport>;
  return typeof pending === 'number' ? pending : 0;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
