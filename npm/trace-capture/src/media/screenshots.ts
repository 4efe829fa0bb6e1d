import type { Page } from '@playwright/test';
import { guidOf } from '../identities.js';
import { guardedAsync } from '../problems.js';
import type { Session } from '../session.js';
import type { Frame, ScreencastSource } from './screencast.js';

interface Followed {
  readonly page: string;
  readonly source: ScreencastSource;
  /** Number of the frame written last. */
  written: number;
  writtenAtMs: number;
}

const followed = new WeakMap<Session, Map<string, Followed>>();

/** Pictures of the pages: at the boundaries of steps, and in between when something changed. */
export const Screenshots = {
  follow(session: Session, page: Page, source: ScreencastSource | undefined): void {
    if (!session.settings.screenshots || !source) return;
    const id = session.pages.page(guidOf(page));
    const all = followed.get(session) ?? begin(session);
    if (all.has(id)) return;
    const one: Followed = { page: id, source, written: 0, writtenAtMs: 0 };
    all.set(id, one);
    page.once('close', () => all.delete(id));
    source.listen((frame) => {
      if (Date.now() - one.writtenAtMs >= session.settings.heartbeat_ms) write(session, one, frame, 'heartbeat');
    });
  },
};

function begin(session: Session): Map<string, Followed> {
  const all = new Map<string, Followed>();
  followed.set(session, all);
  session.onStep((when, step) => {
    if (step.category !== 'test.step' && step.category !== 'implicit') return;
    for (const one of all.values()) {
      const { latest } = one.source;
      if (latest) write(session, one, latest, `step.${when}`, step.id);
    }
  });
  return all;
}

/** A real picture of every open page, taken when the test has failed and before its pages close. */
export async function failureScreenshot(session: Session): Promise<void> {
  const all = [...(followed.get(session)?.values() ?? [])];
  await guardedAsync('the failure screenshot', async () => {
    await Promise.all(all.map(async (one) => await capture(session, one)));
  });
}

async function capture(session: Session, one: Followed): Promise<void> {
  const data = await one.source.capture();
  const { latest } = one.source;
  if (!data) {
    if (latest) write(session, one, latest, 'failure');
    return;
  }
  // The size of a PNG stands at a fixed place of its first chunk.
  const size = { width: data.readUInt32BE(16), height: data.readUInt32BE(20) };
  session.appendContent('screenshot', { page: one.page, reason: 'failure', ...size }, [{ field: 'image', data, mediaType: 'image/png' }]);
}

function write(session: Session, one: Followed, frame: Frame, reason: string, stepId?: string): void {
  if (reason === 'heartbeat' && one.written === frame.number) return;
  one.written = frame.number;
  one.writtenAtMs = Date.now();
  const { width, height, data } = frame;
  const place = stepId === undefined ? { ts: session.recorder.tsOf(frame.atMs) } : { stepId };
  session.appendContent('screenshot', { page: one.page, reason, width, height }, [{ field: 'image', data, mediaType: 'image/jpeg' }], place);
}
