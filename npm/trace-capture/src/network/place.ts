import type { Page } from '@playwright/test';
import { implementationOf, property } from '../playwright/privates.js';
import type { Session } from '../session.js';
import type { Payload } from '../values.js';

/** The browser's id of a page's target. */
export function targetOf(page: Page): string | undefined {
  return text(property(property(implementationOf(page), 'delegate'), '_targetId'));
}

/**
 * Page and frame in the trace's words, given the object behind the browser and the browser's ids. Playwright names both before the test gets them, so
 * the first document of a popup has its page as well.
 */
export function placeOf(browser: unknown, session: Session, target: string | undefined, frameId: string | undefined): Payload {
  const page = target === undefined ? undefined : pageBehind(browser, target);
  const pageGuid = text(property(page, 'guid'));
  if (pageGuid === undefined) return session.onlyPage === undefined || target === undefined ? {} : { page: session.onlyPage };
  const frameGuid = frameId === undefined ? undefined : text(property(frameBehind(page, frameId), 'guid'));
  return { page: session.pages.page(pageGuid), ...(frameGuid === undefined ? {} : { frame: session.pages.frame(pageGuid, frameGuid) }) };
}

function pageBehind(browser: unknown, target: string): unknown {
  const pages = property(browser, '_crPages');
  return pages instanceof Map ? property(pages.get(target), '_page') : undefined;
}

function frameBehind(page: unknown, frameId: string): unknown {
  const manager = property(page, 'frameManager');
  const frame = property(manager, 'frame');
  return typeof frame === 'function' ? Reflect.apply(frame, manager, [frameId]) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
