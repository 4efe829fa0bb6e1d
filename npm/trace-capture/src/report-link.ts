import { relative } from 'node:path';
import { placement } from './placement.js';
import type { Session } from './session.js';
import { rootOf } from './session.js';

/** The name of the annotation and of the attachment. */
export const LINK_NAME = 'molar-trace';

/** Where people look at a trace, when it goes to a server. */
export function urlOf({ settings, testInfo, recorder }: Session): string | undefined {
  const { server } = placement(settings, rootOf(testInfo));
  return server && `${server.url.replace(/\/+$/, '')}/traces/${recorder.traceId}`;
}

/**
 * Puts the way to the trace into what reporters get of a test, so that whoever reads the HTML report is one click or one
 * command away from it. Called when all hooks are done and nothing of the report has been sent.
 */
export function linkReport(session: Session): void {
  const { testInfo, recorder, settings } = session;
  if (!settings.report_link || recorder.closed || session.isUnwanted) return;
  const url = urlOf(session);
  const root = relative(process.cwd(), placement(settings, rootOf(testInfo)).root);
  const show = `npx molar-trace show ${recorder.shortId}${root === '.molar' ? '' : ` --root ${root}`}`;
  testInfo.annotations.push({ type: LINK_NAME, description: url ?? show });
  const told = { trace_id: recorder.traceId, short_id: recorder.shortId, ...(url === undefined ? {} : { url }), show };
  testInfo.attachments.push({ name: LINK_NAME, contentType: 'application/json', body: Buffer.from(`${JSON.stringify(told, null, 2)}\n`) });
}
