import type { TestInfo } from '@playwright/test';
import { errorPayload } from './errors.js';
import { DomChannel } from './dom-channel.js';
import { OwnZip } from './media/playwright-zip.js';
import { Videos } from './media/video.js';
import { guardedAsync } from './problems.js';
import { noteResult } from './run-results.js';
import type { Session } from './session.js';
import type { Json, Payload } from './values.js';
import { statusOf } from './verdict.js';
import { atMost } from './wait.js';
import type { Worker } from './worker.js';

/**
 * Writes the end of a trace: what is still on its way, the artifacts, the steps still open, the verdict. With the verdict the record is whole; what
 * the recorder then makes of it, for which it waits for the disk and the server, may go on while the next test runs.
 */
export async function finishSession(session: Session, worker: Worker, bound_ms: number): Promise<void> {
  if (session.isUnwanted) return await drop(session, worker, bound_ms);
  const deadline = Date.now() + bound_ms;
  const left = (share = 1): number => Math.max(0, (deadline - Date.now()) * share);
  for (const closer of session.closers) await atMost(left(0.4), guardedAsync('the end of a source', async () => await closer(left(0.4))));
  for (const context of worker.contexts) {
    session.pending.add('bodies that arrive', worker.arriving(context, session.settings.drain_ms));
    await atMost(left(0.3), DomChannel.flush(context, left(0.3)));
    await atMost(left(0.3), OwnZip.stop(context, session));
  }
  if (!(await session.pending.drain(left(0.4)))) {
    session.recorder.notice('drain.timeout', 'what was still on its way when the test ended is missing', { count: session.pending.size, what: session.pending.names });
  }
  await worker.settle(session);
  const kept = [
    await atMost(left(0.5), guardedAsync('the videos', async () => await Videos.keep(session, left(0.4)))),
    await atMost(left(0.7), guardedAsync('the Playwright trace', async () => await OwnZip.keep(session))),
  ];
  closeSteps(session);
  const finished = session.recorder.finish(runEnd(session.testInfo), Math.max(200, left())).then((done) => noteResult(session, done));
  // Files of the runner's are deleted by it, and a step that took too long to say whose they are counts as such.
  await worker.finishing(guardedAsync('finishing a trace', async () => await finished), kept.every((isForeign) => isForeign === false), left());
}

/** Nobody wants the trace: its sources end without being waited for, and nothing of it stays. */
async function drop(session: Session, worker: Worker, bound_ms: number): Promise<void> {
  for (const closer of session.closers) await guardedAsync('the end of a source', async () => await closer(0));
  for (const context of worker.contexts) await atMost(bound_ms / 4, OwnZip.stop(context, session));
  await session.recorder.discard(bound_ms / 2);
}

function closeSteps(session: Session): void {
  const failed = session.testInfo.status !== 'passed' && session.testInfo.status !== 'skipped';
  const count = session.steps.closeAll(failed);
  if (count > 0) session.recorder.notice('steps.left_open', 'steps had not ended when the test ended', { count });
}

/** The verdict. A test expected to fail that does is `passed`, as the runner counts it; the raw status stays beside it. */
export function runEnd(testInfo: TestInfo): Payload {
  const errors = testInfo.errors.map((error) => errorPayload(error) as Json);
  const [first] = errors;
  return {
    status: statusOf(testInfo),
    expected_status: testInfo.expectedStatus,
    playwright_status: testInfo.status ?? 'unknown',
    duration_ms: testInfo.duration,
    ...(first === undefined ? {} : { error: first, errors }),
  };
}
