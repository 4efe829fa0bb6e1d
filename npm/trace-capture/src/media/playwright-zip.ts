import type { BrowserContext } from '@playwright/test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { quietly } from '../dom/quiet.js';
import { afterwards } from '../playwright/hidden-frames.js';
import type { RawTestInfo } from '../playwright/privates.js';
import { followOwnTrace, privateDir } from '../leaving.js';
import { guardedAsync } from '../problems.js';
import type { Session } from '../session.js';
import { whileOpen } from './closing.js';

interface Own {
  readonly session: Session;
  running: boolean;
}

const own = new WeakMap<BrowserContext, Own>();
const originals = new WeakMap<BrowserContext, BrowserContext['tracing']['start']>();
const files = new WeakMap<Session, string[]>();

/** Playwright's own trace of a test: the user's, where the configuration records one; else one of ours. Never both. */
export const OwnZip = {
  async start(context: BrowserContext, session: Session): Promise<void> {
    if (!session.settings.playwright_zip || usersOwn(session)) return;
    const known = own.get(context);
    if (known?.session === session) return;
    const begin = giveWay(context, followOwnTrace(session));
    const mine: Own = { session, running: true };
    own.set(context, mine);
    const started = await guardedAsync('the Playwright trace', async () => {
      await quietly(context, begin);
      return true;
    });
    if (!started) mine.running = false;
  },

  /** Ends our trace of a context that is about to close, and keeps the file. */
  async stop(context: BrowserContext, session: Session): Promise<void> {
    const mine = own.get(context);
    if (!mine?.running || mine.session !== session) return;
    mine.running = false;
    const all = files.get(session) ?? [];
    files.set(session, all);
    const path = join(privateDir(session, 'zip'), `${all.length + 1}.zip`);
    all.push(path);
    await whileOpen(session, 'the Playwright trace', async () => await quietly(context, async () => await context.tracing.stop({ path })));
  },

  /** Keeps the file beside the trace. Called when the runner has written the user's own; whether there is one. */
  async keep(session: Session): Promise<boolean> {
    const users = session.testInfo.attachments.filter(({ name, path }) => name === 'trace' && path !== undefined).map(({ path }) => path ?? '');
    const all = [...users, ...(files.get(session) ?? [])].filter((path) => existsSync(path));
    for (const [index, path] of all.entries()) {
      await session.recorder.addArtifact(index === 0 ? 'trace.playwright.zip' : `trace.playwright-${index + 1}.zip`, path);
    }
    return users.length > 0;
  },
};

function usersOwn(session: Session): boolean {
  return Boolean((session.testInfo as unknown as RawTestInfo)._tracing?.traceOptions?.());
}

/** A test may start a trace of its own, which Playwright refuses while ours runs; then ours ends first. */
function giveWay(context: BrowserContext, name: string): () => Promise<unknown> {
  const { tracing } = context;
  const original = originals.get(context) ?? tracing.start.bind(tracing);
  if (!originals.has(context)) {
    originals.set(context, original);
    tracing.start = afterwards(original, async () => {
      const mine = own.get(context);
      if (!mine?.running) return;
      mine.session.recorder.notice('playwright_zip.given_way', 'the test records a Playwright trace of its own, so ours ended here');
      await OwnZip.stop(context, mine.session);
    });
  }
  return async () => await original({ name, snapshots: true, screenshots: false, sources: true });
}
