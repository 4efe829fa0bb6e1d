import type { Download, Page } from '@playwright/test';
import { quietly } from '../dom/quiet.js';
import { guarded, guardedAsync, reasonOf } from '../problems.js';
import type { Session } from '../session.js';
import type { Payload } from '../values.js';
import type { Body } from './exchange.js';
import { readUpTo } from './files.js';

/** Told the file of a download, for the answer that it came by. */
export type SavedListener = (url: string, body: Body) => void;

/** Keeps the files that a page downloads. Playwright deletes them with their context, and no debugging session has their bytes. */
export function followDownloads(page: Page, session: Session, id: string, saved: SavedListener): void {
  page.on('download', (download) => {
    if (session.recorder.closed) return;
    const data = { page: id, url: download.url(), file: download.suggestedFilename() };
    guarded('a download', () => session.append('scenario.event', { name: 'download', data }));
    if (session.noBodies === undefined) session.pending.add('a download', guardedAsync('a download', async () => await keep(session, page, download, data, saved)));
  });
}

/** The file stands in an event of its own, since a link with `download` and a blob have no answer that it could stand in. */
async function keep(session: Session, page: Page, download: Download, data: Payload, saved: SavedListener): Promise<void> {
  const body = await fileOf(page, download, session.settings.max_body_bytes);
  saved(download.url(), body);
  if ('missing' in body) return session.append('scenario.event', { name: 'download.failed', data: { ...data, error: body.missing } });
  const content = { field: 'content', data: body.data, mediaType: 'application/octet-stream', ...(body.truncated ? { truncated: body.truncated } : {}) };
  session.appendContent('scenario.event', { name: 'download.saved', data }, [content]);
}

async function fileOf(page: Page, download: Download, limit: number): Promise<Body> {
  try {
    const path = await quietly(page, async () => await download.path());
    return (await readUpTo(path, limit)) ?? { missing: 'its file was gone' };
  } catch (cause) {
    return { missing: reasonOf(cause) };
  }
}
