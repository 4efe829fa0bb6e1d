import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { guarded } from './problems.js';
import { statusOf } from './finish.js';
import { placement } from './placement.js';
import type { Session } from './session.js';
import { rootOf } from './session.js';

/** One finished attempt, as the end of the run tells about it. */
export interface Result {
  readonly status: string;
  readonly title: string;
  readonly retry: number;
  readonly trace_id: string;
  readonly short_id: string;
  readonly where: string;
}

/** Leaves a line for the runner process, which is the one that speaks when all is done. */
export function noteResult(session: Session): void {
  const { testInfo, recorder, settings } = session;
  const { root, server } = placement(settings, rootOf(testInfo));
  const result: Result = {
    status: statusOf(testInfo),
    title: testInfo.titlePath.join(' › '),
    retry: testInfo.retry,
    trace_id: recorder.traceId,
    short_id: recorder.shortId,
    where: server ? `${server.url.replace(/\/+$/, '')}/traces/${recorder.traceId}` : recorder.dir,
  };
  guarded('the list of results', () => {
    mkdirSync(root, { recursive: true });
    appendFileSync(fileOf(root), `${JSON.stringify(result)}\n`);
  });
}

/** Reads and removes what the workers of this run left. Broken lines, from a worker killed while writing, are left out. */
export function takeResults(root: string): readonly Result[] {
  try {
    const text = readFileSync(fileOf(root), 'utf8');
    rmSync(fileOf(root), { force: true });
    return text.split('\n').flatMap((line) => parse(line));
  } catch {
    // No file: nothing was recorded, or another speaker of this run took it.
    return [];
  }
}

/** One line per failed attempt: which test, which trace, where to open it. */
export function summaryOf(results: readonly Result[]): string {
  const failed = results.filter(({ status }) => status !== 'passed');
  const lines = failed.map(({ status, title, retry, short_id, trace_id, where }) => `  ${status} ${title}${retry > 0 ? ` (retry ${retry})` : ''}\n    trace ${short_id} ${trace_id}\n    ${where}`);
  return lines.length === 0 ? '' : `molar-trace: ${lines.length} failed of ${results.length} recorded\n${lines.join('\n')}\n`;
}

function fileOf(root: string): string {
  return join(root, `results-${(process.env['MOLAR_TRACE_RUN_ID'] ?? 'run').replace(/[^A-Za-z0-9._-]/g, '-')}.ndjson`);
}

function parse(line: string): Result[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as Result];
  } catch {
    return [];
  }
}
