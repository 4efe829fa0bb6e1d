import type { BrowserContext, Page } from '@playwright/test';
import { quietly } from '../quietly.js';
import type { Replay } from '../replay.js';
import type { Below } from './restorer.js';
import { STUB_PATH, asPut, go } from './restorer.js';
import type { ContextState, StoredCookie } from './state.js';

/** A context as the test made it, before anything was put back into it. */
export interface Untouched {
  readonly cookies: readonly object[];
  readonly pages: number;
}

/** What a context has before it is put back; nothing for one that a test filled in ways that could not be had back. */
export async function untouched(context: BrowserContext, pages: readonly Page[], below: Below): Promise<Untouched | undefined> {
  if (pages.some((page) => page.url() !== 'about:blank')) return undefined;
  const { origins } = await quietly(context, async () => await context.storageState());
  return origins.length > 0 ? undefined : { cookies: await below.cookies(context), pages: pages.length };
}

/** Makes a context what it was before it was put back, so that the skipped steps can be carried out in it. */
export async function undo(context: BrowserContext, pages: readonly Page[], before: Untouched, state: ContextState | undefined, replay: Replay, below: Below): Promise<void> {
  for (const page of pages.slice(before.pages)) await quietly(page, async () => await page.close());
  const kept = pages.slice(0, before.pages);
  const origins = originsOf(kept, state, replay);
  below.stub(true);
  for (const page of kept) await emptyPage(context, page, origins);
  below.stub(false);
  await quietly(context, async () => await context.clearCookies());
  if (before.cookies.length > 0) await below.putCookies(context, before.cookies.map((cookie) => asPut(cookie as StoredCookie, replay)));
}

function originsOf(pages: readonly Page[], state: ContextState | undefined, replay: Replay): string[] {
  const recorded = state ? [...state.local.keys(), ...state.databases.keys(), ...state.caches.keys(), ...state.workers.keys(), ...state.pages.flatMap(({ session }) => [...session.keys()])] : [];
  const shown = pages.flatMap((page) => page.frames().map((frame) => frame.url()));
  const all = [...recorded.map((origin) => replay.replayed(origin)), ...shown].filter((url) => /^https?:/.test(url) && URL.canParse(url));
  return [...new Set(all.map((url) => new URL(url).origin))];
}

/** In a document of each origin, where no script of the application runs. */
async function emptyPage(context: BrowserContext, page: Page, origins: readonly string[]): Promise<void> {
  const cdp = await quietly(context, async () => await context.newCDPSession(page));
  const empty = async (origin: string): Promise<unknown> => await quietly(cdp, async () => await cdp.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' }));
  // First what would answer the documents below, which are to come without the application.
  for (const origin of origins) await empty(origin);
  for (const origin of origins) {
    await go(page, origin + STUB_PATH);
    await quietly(page, async () => await page.evaluate(() => {
      sessionStorage.clear();
      window.name = '';
    }));
    await empty(origin);
  }
  await go(page, 'about:blank');
  await quietly(cdp, async () => await cdp.send('Page.resetNavigationHistory'));
  await quietly(cdp, async () => await cdp.send('Network.clearBrowserCache'));
  await quietly(cdp, async () => await cdp.detach());
}
