import type { BrowserContext, Page } from '@playwright/test';
import type { DomPart, DomSession, NoticeDetail } from './dom/index.js';
import { DomRecorder } from './dom/index.js';
import { canBeQuiet } from './dom/quiet.js';
import type { Settings } from './options/index.js';
import type { CoveredBox } from './injected/wire.js';
import type { Session } from './session.js';
import type { Payload } from './values.js';
import { atMost } from './wait.js';

/** Finds the session that the recorder has of a page already. */
export type SessionFinder = (page: Page) => Promise<DomSession | undefined>;

const recorders = new WeakMap<BrowserContext, DomRecorder>();

/** Puts the DOM recorder of a context and the trace of the moment together. */
export const DomChannel = {
  /** Installs the recorder in a context; in one that has it already, every page starts a recording of its own for the new trace. */
  async install(context: BrowserContext, current: () => Session | undefined, settings: Settings, sessionOf: SessionFinder): Promise<void> {
    if (settings.dom === false) return;
    const known = recorders.get(context);
    if (known) {
      await Promise.all(context.pages().map(async (page) => await known.restart(page, 'trace')));
      return;
    }
    const recorder = new DomRecorder(
      { ...optionsOf(settings), cdpSession: async (page) => (await sessionOf(page)) ?? (await context.newCDPSession(page)) },
      (part) => record(current(), part),
      (code, detail) => notice(current(), code, detail),
      (value) => current()?.recorder.learn(value),
    );
    recorders.set(context, recorder);
    await recorder.install(context);
  },

  /** From now on documents score themselves when a step ends, so that whoever rebuilds one can tell whether it is the same. */
  follow(session: Session): void {
    if (session.settings.dom === false) return;
    session.onStep((when, step) => {
      if (when !== 'end' || (step.category !== 'test.step' && step.category !== 'implicit')) return;
      for (const page of session.openPages) {
        const recorder = recorders.get(page.context());
        if (recorder && canBeQuiet(page)) session.pending.add('the drift check', recorder.score(page));
      }
    });
  },

  /** Records the open pages of a context from here on, with a full snapshot of each: what was left out is not made up for. */
  async resume(context: BrowserContext): Promise<void> {
    const known = recorders.get(context);
    if (known) await Promise.all(context.pages().map(async (page) => await known.restart(page, 'resumed')));
  },

  /** Has the pages of a context, or one page, send what they hold. */
  async flush(target: BrowserContext | Page, bound_ms: number): Promise<void> {
    const recorder = recorders.get('pages' in target ? target : target.context());
    if (recorder) await atMost(bound_ms, recorder.flush(target));
  },

  /** Where a picture of the page would show what is masked; `undefined` when the page cannot be asked or does not answer. */
  async covers(page: Page, bound_ms: number): Promise<readonly CoveredBox[] | undefined> {
    return await recorders.get(page.context())?.covers(page, bound_ms);
  },
};

function optionsOf(settings: Settings): ConstructorParameters<typeof DomRecorder>[0] {
  const { mask_inputs = 'sensitive', mask_text, block } = settings;
  return { mask_inputs, mask_text, block, ...(typeof settings.dom === 'object' ? settings.dom : {}) };
}

function record(session: Session | undefined, part: DomPart): void {
  if (!session || session.shed.has('dom')) return;
  session.seen.add('dom');
  const { recorder, pages } = session;
  const payload = {
    page: pages.page(part.page),
    frame: pages.frame(part.page, part.frame),
    frame_url: part.frameUrl,
    stream: part.stream,
    generation: part.generation,
    count: part.count,
    first_ts: recorder.tsOf(part.firstTs),
    last_ts: recorder.tsOf(part.lastTs),
    ...(part.holder ? { holder: { ...part.holder } } : {}),
    ...(part.digest ? { digest: { ...part.digest } } : {}),
  };
  session.appendContent(`dom.${part.type}`, payload, [{ field: 'events', data: part.events, mediaType: 'application/json' }]);
}

/** The DOM channel names pages by Playwright's ids; a trace has ids of its own. */
function placeOf({ pages }: Session, { page, frame }: NoticeDetail): Payload {
  if (typeof page !== 'string') return {};
  return { page: pages.page(page), ...(typeof frame === 'string' ? { frame: pages.frame(page, frame) } : {}) };
}

function notice(session: Session | undefined, code: string, detail: NoticeDetail): void {
  session?.recorder.notice(code, 'part of the DOM was not recorded as it was', { source: 'dom', ...detail, ...placeOf(session, detail) });
}
