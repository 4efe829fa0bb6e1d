import type { Page } from '@playwright/test';
import { quietly } from '../quietly.js';
import type { ReplaySource } from '../source.js';
import type { Check, Grade } from './gate.js';
import { walkDocument } from './walk.js';

/** Longest the pages and their record are compared. */
const MOST_MS = 2_000;
/** A page that is still drawing itself is looked at again, after so long each time. */
const AGAIN_MS = [250, 500] as const;
/** The addon reads no deeper nesting. */
const LIMITS = { nodes: 50_000, depth: 500, length: 8_000_000 } as const;

interface Beside {
  readonly grade: Grade;
  readonly message?: string;
}

/**
 * Compares what each page shows with the document that was recorded just before the first live step. How alike they look is told and
 * never decides: a page may draw the same thing otherwise, and what the coming steps need is asked for by other checks.
 */
export async function checkDocuments(pages: readonly (readonly [Page, string])[], source: ReplaySource): Promise<Check[]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const found = new Map<string, Check>();
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, MOST_MS);
  });
  const compared = Promise.all(pages.map(async ([target, page]) => target.isClosed() || (await lookAt(target, page, source, found).catch(() => undefined))));
  try {
    await Promise.race([late, compared]);
    return [...found.values()];
  } finally {
    clearTimeout(timer);
  }
}

/** Looks until the page is as it was, a few times; the last look counts. */
async function lookAt(target: Page, page: string, source: ReplaySource, found: Map<string, Check>): Promise<void> {
  for (const wait of [0, ...AGAIN_MS]) {
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const live = await quietly(target, async () => await target.evaluate(walkDocument, LIMITS));
    const told = await source.besideDocument?.(page, live);
    if (told === undefined || told === null) return;
    const { grade, message } = JSON.parse(told) as Beside;
    found.set(page, { name: `dom ${page}`, grade, ...(message === undefined ? {} : { message }) });
    if (grade !== 'degraded') return;
  }
}
