import type { Page } from '@playwright/test';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { guidOf } from '../identities.js';
import { privateDir } from '../leaving.js';
import { property } from '../playwright/privates.js';
import { guarded, guardedAsync } from '../problems.js';
import type { Session } from '../session.js';
import { atMost } from '../wait.js';
import { hasMasks } from './covers.js';
import { Film, sizeOf } from './film.js';
import type { Frame, ScreencastSource } from './screencast.js';

interface Recorded {
  readonly page: Page;
  readonly id: string;
  readonly startTs: number;
  endTs: number | undefined;
}

/** A film of ours, from its page's first frame on. */
interface Filmed {
  readonly id: string;
  readonly path: string;
  startTs: number;
  endTs: number | undefined;
  film: Film | undefined;
  ended: Promise<boolean> | undefined;
  /** A first frame of another shape than the page is to have; a film has the shape of its first frame. */
  misshapen: Frame | undefined;
}

/** A finished video and where it belongs on the time axis. */
interface Kept {
  readonly id: string;
  readonly path: string;
  readonly startTs: number;
  readonly endTs: number | undefined;
}

/** Longest the encoder may take for the frames it still has when a film ends, unless the patience chosen is more. */
const ENCODE_MS = 5_000;
/** Longest wait for Playwright to tell where a video goes; a page without one never tells. */
const FOLLOW_MS = 5_000;
/** Ratios of sides that differ by less are the same but for whole pixels. */
const SAME_SHAPE = 0.02;

const recorded = new WeakMap<Session, Recorded[]>();
const films = new WeakMap<Session, Map<string, Filmed>>();
const toldMasked = new WeakSet<Session>();
let encoder: string | false | undefined;
let toldMissing = false;

/**
 * Videos of pages. The frames that a page's screenshots are taken from make its film as well, because `recordVideo` has Chromium paint and
 * encode every frame a second time (measured: 1 to 2.5 s of processor time for 11 s of test, as much as all other sources together).
 * `recordVideo` is used where there are no such frames, and what the user's own configuration records is taken as it is.
 */
export const Videos = {
  /** Asks for a video of a context that is about to be created, unless its pages will be filmed or the user's configuration asks. */
  ask(session: Session | undefined, options: Record<string, unknown>, filmed: boolean): void {
    if (!session || !isWanted(session) || options['recordVideo'] !== undefined) return;
    if (!encoderPath()) {
      if (!toldMissing) session.recorder.notice('video.no_encoder', 'no video: Playwright\'s ffmpeg is not installed (npx playwright install ffmpeg)');
      toldMissing = true;
      return;
    }
    if (!filmed || !canFilm()) options['recordVideo'] = { dir: privateDir(session, 'video') };
  },

  /** Films a page whose video nobody else makes. */
  film(session: Session, page: Page, source: ScreencastSource | undefined): void {
    const ffmpeg = encoderPath();
    const all = films.get(session) ?? new Map<string, Filmed>();
    films.set(session, all);
    const id = session.pages.page(guidOf(page));
    if (!isWanted(session) || !source || !ffmpeg || !canFilm() || page.video() || all.has(id)) return;
    const one: Filmed = { id, path: join(privateDir(session, 'video'), `${id}.webm`), startTs: 0, endTs: undefined, film: undefined, ended: undefined, misshapen: undefined };
    all.set(id, one);
    const begin = (frame: Frame): void => {
      one.startTs = session.recorder.tsOf(frame.atMs);
      one.film = Film.begin(ffmpeg, one.path, frame);
      if (one.film) session.recorder.followVideo(one.path, id, one.startTs);
    };
    const show = (frame: Frame): void => {
      if (one.film) return one.film.add(frame);
      if (!one.misshapen && !fits(frame, page)) one.misshapen = frame;
      else begin(frame);
    };
    if (source.latest) show(source.latest);
    const stop = source.listen(show);
    const end = (): void => {
      stop();
      if (!one.film && one.misshapen) begin(one.misshapen);
      one.endTs ??= session.recorder.now();
      one.ended ??= one.film?.end(Date.now(), Math.max(ENCODE_MS, session.settings.drain_ms));
    };
    page.once('close', () => guarded('a video', end));
    session.onClose(end);
  },

  /** Remembers when a page's video began and ended. */
  follow(session: Session, page: Page): void {
    const all = recorded.get(session) ?? [];
    recorded.set(session, all);
    const one: Recorded = { page, id: session.pages.page(guidOf(page)), startTs: session.recorder.now(), endTs: undefined };
    all.push(one);
    // What the end would leave out must not come back by a kill.
    if (!isMasked(session)) void guardedAsync('a video', async () => {
      const path = await pathOf(page, FOLLOW_MS);
      if (path !== undefined) session.recorder.followVideo(path, one.id, one.startTs);
    });
    page.once('close', () => guarded('a video', () => (one.endTs = session.recorder.now())));
  },

  /** Keeps every finished video beside the trace: the longest one as `video.webm`, the others numbered. Whether any file is not the recorder's own. */
  async keep(session: Session, bound_ms: number): Promise<boolean> {
    if (isMasked(session)) return false;
    const recordings = await recordedFiles(session, bound_ms);
    const found = [...recordings, ...(await filmedFiles(session, bound_ms))];
    found.sort((a, b) => lengthOf(b) - lengthOf(a));
    for (const [index, { id, path, startTs, endTs }] of found.entries()) {
      const artifact = index === 0 ? 'video.webm' : `video-${index + 1}.webm`;
      if (!(await session.recorder.addArtifact(artifact, path))) continue;
      session.append('video', { page: id, artifact, start_ts: startTs, ...(endTs === undefined ? {} : { end_ts: endTs }) }, { stepId: undefined });
    }
    return recordings.length > 0;
  },
};

/** A film shows everything in its pixels, so there is none where something is to be hidden, unless that is wanted all the same. */
function isWanted(session: Session): boolean {
  if (!session.settings.video) return false;
  if (!isMasked(session)) return true;
  if (!toldMasked.has(session)) {
    toldMasked.add(session);
    session.recorder.notice('video.masked', "no video: it would show what is masked; `video: 'unmasked'` records it all the same", { source: 'video' });
  }
  return false;
}

function isMasked({ settings }: Session): boolean {
  return settings.video !== 'unmasked' && hasMasks(settings);
}

/** Whether a frame has the shape that the test gave its page: the first one may be older, of the window as the browser opened it. */
function fits(frame: Frame, page: Page): boolean {
  const viewport = page.viewportSize();
  const { width, height } = sizeOf(frame);
  return !viewport || Math.abs(width / height - viewport.width / viewport.height) <= SAME_SHAPE;
}

async function recordedFiles(session: Session, bound_ms: number): Promise<Kept[]> {
  const closed = (recorded.get(session) ?? []).filter(({ endTs }) => endTs !== undefined);
  const files = await Promise.all(closed.map(async (one) => ({ one, path: await pathOf(one.page, bound_ms) })));
  return files.flatMap(({ one, path }) => (path !== undefined && existsSync(path) ? [{ ...one, path }] : []));
}

async function filmedFiles(session: Session, bound_ms: number): Promise<Kept[]> {
  const all = [...(films.get(session)?.values() ?? [])].filter(({ film }) => film !== undefined);
  const whole = await Promise.all(all.map(async ({ ended }) => (ended ? await atMost(bound_ms, ended) : false)));
  const cut = all.filter((_, index) => whole[index] !== true);
  // Clusters are written as they come, so that a film whose encoder is late or died can be watched up to there.
  if (cut.length > 0) session.recorder.notice('video.cut', 'the encoder did not finish in time, so the end of a video may be missing', { count: cut.length });
  return all.filter(({ path }) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0);
}

async function pathOf(page: Page, bound_ms: number): Promise<string | undefined> {
  const video = page.video();
  // On a remote browser the file is elsewhere and asking for its path throws.
  return video ? await atMost(bound_ms, video.path()) : undefined;
}

function lengthOf({ startTs, endTs }: Kept): number {
  return (endTs ?? startTs) - startTs;
}

/** The encoder of releases before 1.65 was built for another way of feeding it. */
function canFilm(): boolean {
  return playwrightMinor() >= 65;
}

function playwrightMinor(): number {
  const found = guarded('the release of Playwright', () => {
    const { version } = playwrightRequire()('playwright-core/package.json') as { version: string };
    const [major = 0, minor = 0] = version.split('.').map(Number);
    return major > 1 ? Number.MAX_SAFE_INTEGER : minor;
  });
  return found ?? 0;
}

function playwrightRequire(): NodeJS.Require {
  return createRequire(createRequire(import.meta.url).resolve('@playwright/test'));
}

/** Without its encoder Playwright refuses to make a context that records video, which would fail the test. */
function encoderPath(): string | false {
  encoder ??= guarded('the video encoder', () => {
    const bundle: unknown = playwrightRequire()('playwright-core/lib/coreBundle');
    const registry = property(property(bundle, 'registry'), 'registry');
    const find = property(registry, 'findExecutable');
    const executable: unknown = typeof find === 'function' ? Reflect.apply(find, registry, ['ffmpeg']) : undefined;
    const pathFn = property(executable, 'executablePath');
    const path: unknown = typeof pathFn === 'function' ? Reflect.apply(pathFn, executable, ['javascript']) : undefined;
    return typeof path === 'string' && existsSync(path) ? path : undefined;
  });
  return (encoder ??= false);
}
