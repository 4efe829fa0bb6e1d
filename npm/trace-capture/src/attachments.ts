import type { TestInfo } from '@playwright/test';
import { readFile } from 'node:fs/promises';
import type { Attached } from './playwright/privates.js';
import { guardedAsync } from './problems.js';
import { LINK_NAME } from './report-link.js';
import type { Session } from './session.js';

const MAX_BYTES = 16 * 1024 * 1024;

/** Files that become artifacts of the trace anyway, and the trace's own address. */
const KNOWN = new Set(['trace', 'video', LINK_NAME]);

/** Records an attachment with its content. A file is read at once, since the runner may delete it later. */
export function attachmentEvent(session: Session, attached: Attached): void {
  if (KNOWN.has(attached.name)) return;
  const stepId = session.steps.placeOf(attached.stepId)?.id;
  if (attached.body !== undefined) {
    append(session, attached, Buffer.from(attached.body, 'base64'), stepId);
    return;
  }
  const { path } = attached;
  if (path === undefined) return;
  session.pending.add('an attachment', guardedAsync('an attachment', async () => append(session, attached, await readFile(path), stepId)));
}

/** What the runner keeps of a test's attachments, for when it did not tell of each. */
export function publicAttachments(testInfo: TestInfo): readonly Attached[] {
  return testInfo.attachments.map(({ name, contentType, path, body }) => ({ name, contentType, ...(path === undefined ? {} : { path }), ...(body ? { body: body.toString('base64') } : {}) }));
}

function append(session: Session, attached: Attached, body: Buffer, stepId: string | undefined): void {
  const data = body.subarray(0, MAX_BYTES);
  const truncated = body.length > MAX_BYTES ? { truncated: body.length - MAX_BYTES } : {};
  session.appendContent(
    'scenario.event',
    { name: 'attachment', title: attached.name },
    [{ field: 'content', data, mediaType: attached.contentType || 'application/octet-stream', ...truncated }],
    { stepId },
  );
}
