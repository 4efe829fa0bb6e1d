import type { BrowserContext, Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { quietly } from '../quietly.js';
import type { Replay } from '../replay.js';
import { putCaches, registerWorkers } from './offline.js';
import { fillDocument, fillStorage, setHistoryState } from './page.js';
import type { Served } from './server.js';
import type { ContextState, PageState, StoredCookie } from './state.js';

/** What is done to a browser from below the test. */
export interface Below {
  putCookies(context: BrowserContext, cookies: readonly object[]): Promise<void>;
  cookies(context: BrowserContext): Promise<readonly object[]>;
  /** What restored pages asked of the application so far. */
  readonly served: readonly Served[];
  /** Documents are answered with nothing while storages are filled, so that no script of the application runs before they are. */
  stub(on: boolean): void;
  /** Addresses whose recorded document stands for one that was never loaded: an application that writes its own address. */
  shells(urls: readonly string[]): void;
}

export const STUB_PATH = '/__molar_restore';
/** Longest a page may take to load what it had. */
const LOAD_MS = 20_000;
/** Longest fields are waited for that the application makes after it has loaded. */
const FIELDS_MS = 5_000;

/** Puts one context back to what it was; what could not be had back comes as words. */
export async function restoreContext(context: BrowserContext, pages: readonly (Page | undefined)[], state: ContextState, replay: Replay, below: Below): Promise<string[]> {
  const lost = [...state.lost];
  const first = pages.find((page) => page !== undefined);
  if (!first) return lost;
  if (state.cookies.length > 0) await below.putCookies(context, state.cookies.map((cookie) => asPut(cookie, replay)));
  below.stub(true);
  lost.push(...(await putStorages(first, state, replay)));
  for (const [at, page] of state.pages.entries()) {
    const target = pages[at];
    if (target) await putPage(context, target, page, replay);
  }
  below.stub(false);
  // The last of all, since from here on they answer documents too.
  for (const [origin, recorded] of state.workers) lost.push(...(await putWorkers(pages, origin, recorded, replay)));
  for (const [at, page] of state.pages.entries()) {
    const target = pages[at];
    if (!target) continue;
    below.shells([...page.history].reverse().map((url) => replay.replayed(url)));
    lost.push(...(await openPage(target, page, replay)));
  }
  return lost;
}

/** Opens the pages that a skipped step opened and nobody waits for: from the first one where the application did it. */
export async function openMissing(context: BrowserContext, { pages }: ContextState, isThere: (page: PageState) => boolean): Promise<void> {
  for (const page of pages) {
    if (isThere(page)) continue;
    const opener = page.document?.opener === true ? context.pages().find((one) => !one.isClosed()) : undefined;
    if (!opener) await quietly(context, async () => await context.newPage());
    else await Promise.all([quietly(context, async () => await context.waitForEvent('page', { timeout: LOAD_MS })), quietly(opener, async () => await opener.evaluate(() => void window.open('about:blank')))]);
  }
}

/** A cookie with all that the browser keeps of a cookie: its partition, its priority, and that scripts cannot read it. */
export function asPut({ size: _size, session: isSession, expires, sourcePort, ...cookie }: StoredCookie, replay: Replay): object {
  const value = replay.cookies.get(`${cookie.name}=${cookie.value}`);
  return {
    ...cookie,
    ...(value === undefined ? {} : { value }),
    ...(isSession === true || expires === undefined || expires < 0 ? {} : { expires }),
    ...(sourcePort === undefined || replay.isMoved ? {} : { sourcePort }),
  };
}

async function putStorages(page: Page, { local, databases, caches }: ContextState, replay: Replay): Promise<string[]> {
  const lost: string[] = [];
  const script = databases.size === 0 ? '' : readFileSync(join(__dirname, 'state-restore.js'), 'utf8');
  for (const origin of new Set([...local.keys(), ...databases.keys(), ...caches.keys()])) {
    await go(page, replay.replayed(origin) + STUB_PATH);
    const pairs = local.get(origin);
    if (pairs) await quietly(page, async () => await page.evaluate(fillStorage, { kind: 'local', pairs } as const));
    const dumps = databases.get(origin);
    if (dumps !== undefined) await quietly(page, async () => await page.evaluate(`(${script})(${JSON.stringify(dumps)})`));
    const named = caches.get(origin);
    if (named !== undefined) lost.push(...(await putCaches(page, named, replay)));
  }
  return lost;
}

/** In the empty document of a page that stands there, whose history stays as it is. */
async function putWorkers(pages: readonly (Page | undefined)[], origin: string, recorded: unknown, replay: Replay): Promise<string[]> {
  const there = pages.find((page) => page !== undefined && URL.canParse(page.url()) && new URL(page.url()).origin === replay.replayed(origin));
  return there ? await registerWorkers(there, recorded, replay) : [`service workers of ${origin}, where no page stands`];
}

/** The page's own storage and its way here, still without the application. */
async function putPage(context: BrowserContext, page: Page, { session, history, ahead, document }: PageState, replay: Replay): Promise<void> {
  for (const [origin, pairs] of session) {
    await go(page, replay.replayed(origin) + STUB_PATH);
    await quietly(page, async () => await page.evaluate(fillStorage, { kind: 'session', pairs } as const));
  }
  const cdp = await quietly(context, async () => await context.newCDPSession(page));
  const addresses = [...(history.length > 0 ? history : document ? [document.url] : []), ...ahead];
  for (const [at, url] of addresses.entries()) {
    await go(page, replay.replayed(url));
    // The stubs before are no part of the page's way.
    if (at === 0) await quietly(cdp, async () => await cdp.send('Page.resetNavigationHistory'));
  }
  for (const _ of ahead) await quietly(page, async () => await page.goBack({ timeout: LOAD_MS }));
  const state = document?.history.state;
  if (document && state !== null && state !== undefined && isPlain(state)) await quietly(page, async () => await page.evaluate(setHistoryState, state));
  await quietly(cdp, async () => await cdp.detach());
}

/** The application itself, which finds its storage and its place in the history as they were. */
async function openPage(page: Page, { document }: PageState, replay: Replay): Promise<string[]> {
  if (!document || !/^https?:/.test(document.url)) return [];
  const lost = isPlain(document.history.state) ? [] : [`the history's state of ${document.url}`];
  if (page.url() === replay.replayed(document.url)) await quietly(page, async () => await page.reload({ timeout: LOAD_MS }));
  else await go(page, replay.replayed(document.url));
  await fieldsAppear(page, document.fields.map(({ at }) => at));
  return [...lost, ...(await quietly(page, async () => await page.evaluate(fillDocument, { fields: document.fields, scroll: document.scroll, open: document.open, name: document.name, ...(document.focus ? { focus: document.focus } : {}) })))];
}

async function fieldsAppear(page: Page, paths: readonly string[]): Promise<void> {
  const plain = paths.filter((path) => !path.includes(' >>> '));
  if (plain.length === 0) return;
  // Fields that do not come are named when they are to be filled.
  await quietly(page, async () => await page.waitForFunction((all) => all.every((path) => document.querySelector(path) !== null), plain, { timeout: FIELDS_MS })).catch(() => undefined);
}

/** Goes there, and waits for the document. */
export async function go(page: Page, url: string): Promise<void> {
  await quietly(page, async () => await page.goto(url, { timeout: LOAD_MS }));
}

/** Values that the recorder had to tag are no plain ones. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Reflect.get(value, '$') === undefined && Object.values(value).every(isPlain);
}
