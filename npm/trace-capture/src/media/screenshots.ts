import type { Page } from '@playwright/test';
import { guidOf } from '../identities.js';
import { guardedAsync } from '../problems.js';
import type { Place } from '../recorder.js';
import { whileOpen } from './closing.js';
import type { Session } from '../session.js';
import type { Area } from './covers.js';
import { CoverFinder, hasMasks } from './covers.js';
import type { Frame, ScreencastSource } from './screencast.js';

/** Why a picture is written: a step boundary that waits for the picture of its moment, or none. */
interface Occasion {
  readonly reason: string;
  readonly stepId?: string;
}

interface Followed {
  readonly page: string;
  readonly source: ScreencastSource;
  readonly covers: CoverFinder;
  readonly waiting: Occasion[];
  /** Numbers of the frame seen last and of the one written last. */
  seen: number;
  written: number;
  writtenAtMs: number;
  /** Since when a picture between steps is due. */
  dueMs: number | undefined;
}

/** A picture about to be written. */
interface Picture {
  readonly data: Buffer;
  readonly mediaType: 'image/jpeg' | 'image/png';
  readonly width: number;
  readonly height: number;
  /** Epoch milliseconds. */
  readonly paintedMs: number;
}

/** Longest a boundary waits for a newer frame; a page at rest sends one well before that. */
const FRESH_MS = 250;
/** How long after it was due a page is pictured that does not come to rest. */
const SETTLE_MS = 500;

const followed = new WeakMap<Session, Map<string, Followed>>();
/** Pictures left out of a trace because it was not known what to cover. */
const leftOut = new WeakMap<Session, number>();

/** Pictures of the pages: at the boundaries of steps, and in between when something changed. */
export const Screenshots = {
  follow(session: Session, page: Page, source: ScreencastSource | undefined): void {
    if (!session.settings.screenshots || !source) return;
    const id = session.pages.page(guidOf(page));
    const all = followed.get(session) ?? begin(session);
    if (all.has(id)) return;
    const one: Followed = { page: id, source, covers: new CoverFinder(page), waiting: [], seen: 0, written: 0, writtenAtMs: 0, dueMs: undefined };
    all.set(id, one);
    const stop = source.listen((frame) => {
      if (one.waiting.length > 0) answer(session, one, frame);
      else if (!session.shed.has('screenshots')) beat(session, one, frame);
      one.seen = frame.number;
    });
    page.once('close', () => {
      stop();
      answer(session, one, source.latest);
      all.delete(id);
    });
    session.onClose(stop);
  },

  /** Gives every boundary that still waits the newest frame there is. */
  flush(session: Session): void {
    for (const one of followed.get(session)?.values() ?? []) answer(session, one, one.source.latest);
  },
};

function begin(session: Session): Map<string, Followed> {
  const all = new Map<string, Followed>();
  followed.set(session, all);
  session.onStep((when, step) => {
    if (step.category !== 'test.step' && step.category !== 'implicit') return;
    for (const one of all.values()) reached(session, one, { reason: `step.${when}`, stepId: step.id });
  });
  session.onClose(() => Screenshots.flush(session));
  return all;
}

/** What the newest frame shows may be older than the boundary, so a newer one is asked for and shortly waited for. */
function reached(session: Session, one: Followed, boundary: Occasion): void {
  one.waiting.push(boundary);
  one.source.hurry();
  if (one.waiting.length === 1) setTimeout(() => answer(session, one, one.source.latest), FRESH_MS).unref();
}

function answer(session: Session, one: Followed, frame: Frame | undefined): void {
  const boundaries = one.waiting.splice(0);
  if (frame && boundaries.length > 0) write(session, one, frame, boundaries);
}

/**
 * A page that has changed between steps. One that still changes is given a little time to come to rest, because pictures of
 * a page at rest are the same bytes whenever the test runs again, and those from the middle of a change are not.
 */
function beat(session: Session, one: Followed, frame: Frame): void {
  const nowMs = Date.now();
  if (one.written === frame.number || nowMs - one.writtenAtMs < session.settings.heartbeat_ms) return;
  one.dueMs ??= nowMs;
  if (one.seen === frame.number || nowMs - one.dueMs >= SETTLE_MS) write(session, one, frame, [{ reason: 'heartbeat' }]);
}

/** A real picture of every open page, taken when the test has failed and before its pages close. */
export async function failureScreenshot(session: Session): Promise<void> {
  const all = [...(followed.get(session)?.values() ?? [])];
  await whileOpen(session, 'the failure screenshot', async () => {
    await Promise.all(all.map(async (one) => await capture(session, one)));
  });
}

async function capture(session: Session, one: Followed): Promise<void> {
  // One look before and one after the picture; the second is taken when it is written.
  const paintedMs = Date.now();
  await one.covers.areas(paintedMs);
  const data = await one.source.capture();
  const { latest } = one.source;
  if (!data) {
    if (latest) write(session, one, latest, [{ reason: 'failure' }]);
    return;
  }
  // The size of a PNG stands at a fixed place of its first chunk.
  const size = { width: data.readUInt32BE(16), height: data.readUInt32BE(20) };
  await keep(session, one, { data, mediaType: 'image/png', ...size, paintedMs }, [{ reason: 'failure' }], {});
}

function write(session: Session, one: Followed, frame: Frame, occasions: readonly Occasion[]): void {
  one.written = frame.number;
  one.writtenAtMs = Date.now();
  one.dueMs = undefined;
  const { width, height, data, atMs } = frame;
  const picture: Picture = { data, mediaType: 'image/jpeg', width, height, paintedMs: atMs };
  session.pending.add('a screenshot', guardedAsync('a screenshot', async () => await keep(session, one, picture, occasions, { ts: session.recorder.tsOf(atMs) })));
}

/** Writes a picture with the areas that the writer paints over, or leaves it out where those cannot be known. */
async function keep(session: Session, one: Followed, picture: Picture, occasions: readonly Occasion[], place: Place): Promise<void> {
  const covered = await one.covers.areas(picture.paintedMs);
  if (covered === undefined && (one.covers.hasFound || hasMasks(session.settings))) {
    for (const _ of occasions) leaveOut(session);
    return;
  }
  const { width, height, data, mediaType } = picture;
  for (const { reason, stepId } of occasions) {
    const payload = { page: one.page, reason, width, height, ...told(covered) };
    session.appendContent('screenshot', payload, [{ field: 'image', data, mediaType }], { ...place, ...(stepId === undefined ? {} : { stepId }) });
  }
}

function told(covered: readonly Area[] | undefined): { readonly covered?: number[][] } {
  return covered === undefined || covered.length === 0 ? {} : { covered: covered.map((area) => [...area]) };
}

function leaveOut(session: Session): void {
  const count = (leftOut.get(session) ?? 0) + 1;
  leftOut.set(session, count);
  if (count > 1) return;
  session.onClose(() => {
    session.recorder.notice('screenshot.left_out', 'pictures were left out, because the page did not tell where its masked areas were', {
      source: 'screenshots',
      count: leftOut.get(session) ?? 0,
    });
  });
}
