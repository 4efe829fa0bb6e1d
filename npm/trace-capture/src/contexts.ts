import type { BrowserContext, Page } from '@playwright/test';
import { followConsole } from './console.js';
import { DomChannel } from './dom-channel.js';
import { guidOf } from './identities.js';
import { OwnZip } from './media/playwright-zip.js';
import { Screenshots } from './media/screenshots.js';
import { Videos } from './media/video.js';
import { followDownloads } from './network/downloads.js';
import { followEvents } from './network/events.js';
import { afterwards } from './playwright/hidden-frames.js';
import { standInForActs } from './playwright/public-acts.js';
import { guarded, guardedAsync } from './problems.js';
import { seedContext } from './rng.js';
import type { Session } from './session.js';
import { StateChannel } from './state/channel.js';
import type { Worker } from './worker.js';

const followed = new WeakSet<BrowserContext>();

/**
 * Starts every source of one context for the trace of the moment. In a context that outlives its test the listeners
 * stay and only what belongs to a trace begins anew.
 */
export async function watchContext(context: BrowserContext, session: Session, worker: Worker): Promise<void> {
  const browser = context.browser();
  const installed = DomChannel.install(context, () => worker.current, session.settings, async (page) => (browser ? await worker.hub(browser) : undefined)?.page(page));
  const zip = OwnZip.start(context, session);
  const seeded = seedContext(context, session);
  if (!followed.has(context)) {
    followed.add(context);
    context.on('page', (page) => guarded('a new page', () => pageOpened(page, worker)));
    guarded('the console', () => followConsole(context, () => worker.current));
    if (!worker.instrumented) wrapClose(context, worker);
    await network(context, session, worker);
  }
  await guardedAsync('the state of a context', async () => {
    StateChannel.follow(context, browser ? await worker.hub(browser) : undefined, session);
  });
  for (const page of context.pages()) pageOpened(page, worker);
  await Promise.all([installed, zip, seeded]);
}

async function network(context: BrowserContext, session: Session, worker: Worker): Promise<void> {
  const browser = context.browser();
  const hub = browser ? await worker.hub(browser) : undefined;
  if (hub && session.settings.network_source === 'auto') return hub.followContext(context);
  followEvents(context, () => worker.current);
  const chromium = browser?.browserType().name() === 'chromium';
  session.recorder.notice('network.events', 'network recorded through Playwright\'s events: no event streams, no shared workers, some bodies missing', {
    source: chromium ? 'remote' : (browser?.browserType().name() ?? 'unknown'),
  });
}

function pageOpened(page: Page, worker: Worker): void {
  const session = worker.current;
  if (!session?.addPage(page)) return;
  const id = session.pages.page(guidOf(page));
  session.pages.frame(guidOf(page), guidOf(page.mainFrame()));
  if (!worker.instrumented) guarded('the acts of a page', () => standInForActs(page));
  session.append('scenario.event', { name: 'page.open', data: { page: id, url: page.url() } });
  Videos.follow(session, page);
  page.once('close', () => guarded('a closed page', () => pageClosed(page, session, id)));
  const browser = page.context().browser();
  followDownloads(page, session, id, (url, body) => {
    if (browser) void worker.hub(browser).then((hub) => hub?.saved(url, body));
  });
  page.once('crash', () => guarded('a crash', () => session.append('console.error', { level: 'pageerror', text: 'the page crashed', page: id })));
  if (!browser) return;
  void guardedAsync('a new page', async () => {
    const hub = await worker.hub(browser);
    const frames = hub?.screencast(page);
    Screenshots.follow(session, page, frames);
    Videos.film(session, page, frames);
  });
}

function pageClosed(page: Page, session: Session, id: string): void {
  session.removePage(page);
  StateChannel.pageClosed(page, session, id);
  session.append('scenario.event', { name: 'page.close', data: { page: id } });
}

/** The public way to be awaited before a context closes, for releases without the other one. */
function wrapClose(context: BrowserContext, worker: Worker): void {
  context.close = afterwards(context.close.bind(context), async () => await worker.contextClosing(context));
}
