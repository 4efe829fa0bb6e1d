import type { Page } from '@playwright/test';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { property } from '../playwright/privates.js';
import { guarded } from '../problems.js';
import type { Session } from '../session.js';
import { guidOf } from '../identities.js';
import { atMost } from '../wait.js';

interface Recorded {
  readonly page: Page;
  readonly id: string;
  readonly startTs: number;
  endTs: number | undefined;
}

const recorded = new WeakMap<Session, Recorded[]>();
const directories = new WeakMap<Session, string>();
let encoder: boolean | undefined;
let toldMissing = false;

/** Videos of pages, whoever asked for them. */
export const Videos = {
  /** Asks for a video of a context that is about to be created, unless the user's configuration does. */
  ask(session: Session | undefined, options: Record<string, unknown>): void {
    if (!session?.settings.video || options['recordVideo'] !== undefined) return;
    if (!hasEncoder()) {
      if (!toldMissing) session.recorder.notice('video.no_encoder', 'no video: Playwright\'s ffmpeg is not installed (npx playwright install ffmpeg)');
      toldMissing = true;
      return;
    }
    const dir = directories.get(session) ?? mkdtempSync(join(tmpdir(), 'molar-video-'));
    directories.set(session, dir);
    options['recordVideo'] = { dir };
  },

  /** Remembers when a page's video began and ended. */
  follow(session: Session, page: Page): void {
    const all = recorded.get(session) ?? [];
    recorded.set(session, all);
    const one: Recorded = { page, id: session.pages.page(guidOf(page)), startTs: session.recorder.now(), endTs: undefined };
    all.push(one);
    page.once('close', () => guarded('a video', () => (one.endTs = session.recorder.now())));
  },

  /** Keeps every finished video beside the trace: the longest one as `video.webm`, the others numbered. */
  async keep(session: Session, bound_ms: number): Promise<void> {
    const closed = (recorded.get(session) ?? []).filter(({ endTs }) => endTs !== undefined);
    const found = await Promise.all(closed.map(async (one) => ({ one, path: await pathOf(one.page, bound_ms) })));
    const files = found.flatMap(({ one, path }) => (path !== undefined && existsSync(path) ? [{ one, path }] : []));
    files.sort((a, b) => lengthOf(b.one) - lengthOf(a.one));
    for (const [index, { one, path }] of files.entries()) {
      const artifact = index === 0 ? 'video.webm' : `video-${index + 1}.webm`;
      if (!(await session.recorder.addArtifact(artifact, path))) continue;
      session.append('video', { page: one.id, artifact, start_ts: one.startTs, ...(one.endTs === undefined ? {} : { end_ts: one.endTs }) }, { stepId: undefined });
    }
  },

  /** Removes our own video files, once they are kept. */
  clean(session: Session): void {
    const dir = directories.get(session);
    if (dir !== undefined) guarded('video files', () => rmSync(dir, { recursive: true, force: true }));
  },
};

async function pathOf(page: Page, bound_ms: number): Promise<string | undefined> {
  const video = page.video();
  // On a remote browser the file is elsewhere and asking for its path throws.
  return video ? await atMost(bound_ms, video.path()) : undefined;
}

function lengthOf({ startTs, endTs }: Recorded): number {
  return (endTs ?? startTs) - startTs;
}

/** Without its encoder Playwright refuses to make a context that records video, which would fail the test. */
function hasEncoder(): boolean {
  encoder ??= guarded('the video encoder', () => {
    const bundle: unknown = createRequire(createRequire(import.meta.url).resolve('@playwright/test'))('playwright-core/lib/coreBundle');
    const registry = property(property(bundle, 'registry'), 'registry');
    const find = property(registry, 'findExecutable');
    const executable: unknown = typeof find === 'function' ? Reflect.apply(find, registry, ['ffmpeg']) : undefined;
    const pathFn = property(executable, 'executablePath');
    const path: unknown = typeof pathFn === 'function' ? Reflect.apply(pathFn, executable, ['javascript']) : undefined;
    return typeof path === 'string' && existsSync(path);
  });
  return encoder ?? false;
}
