import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Finished, Pruned } from './native.js';
import { guarded, reasonOf } from './problems.js';
import { placement } from './placement.js';
import type { Session } from './session.js';
import { rootOf } from './session.js';
import { statusOf } from './verdict.js';
import { urlOf } from './report-link.js';

/** One finished attempt, as the end of the run tells about it. */
export interface Result {
  readonly status: string;
  readonly title: string;
  readonly retry: number;
  readonly trace_id: string;
  readonly short_id: string;
  readonly dir: string;
  /** Where the server shows it, for a trace that has one. */
  readonly url?: string;
  /** Why it was not on the server when its test ended. */
  readonly unshipped?: string;
}

/** Leaves a line for the runner process, which is the one that speaks when all is done. */
export function noteResult(session: Session, finished: Finished | undefined): void {
  const { testInfo, recorder, settings } = session;
  const { root, server } = placement(settings, rootOf(testInfo));
  const result: Result = {
    status: statusOf(testInfo),
    title: testInfo.titlePath.join(' › '),
    retry: testInfo.retry,
    trace_id: recorder.traceId,
    short_id: recorder.shortId,
    dir: recorder.dir,
    ...(server === undefined ? {} : { url: finished?.url ?? urlOf(session) ?? '' }),
    ...(server === undefined || finished?.outcome === 'shipped' ? {} : { unshipped: reasonOf(finished?.reason ?? 'it was not finished in time') }),
  };
  note(root, result);
}

function note(root: string, line: object): void {
  guarded('the list of results', () => {
    mkdirSync(root, { recursive: true });
    appendFileSync(fileOf(root), `${JSON.stringify(line)}\n`);
  });
}

/** Leaves a line for every trace that was ended in place of the worker that died. */
export function noteDied(root: string, dirs: readonly string[]): void {
  for (const dir of dirs) {
    const { short_id = '', title = 'its worker died' } = rowOf(dir);
    note(root, { status: 'aborted', title, retry: 0, trace_id: basename(dir), short_id, dir } satisfies Result);
  }
}

interface Row {
  readonly short_id: string;
  readonly scenario: { readonly title: string };
}

/**
 * What a trace says about itself: when it is finished, and, on a machine too busy to finish it in time, while it waits for that. Nothing for
 * one that went to the server.
 */
function rowOf(dir: string): { readonly short_id?: string; readonly title?: string } {
  // The one file is written before the other goes, so a trace that is finished between two looks is found by the third.
  const row = rowIn(dir, 'summary.json') ?? rowIn(dir, 'recorder.json') ?? rowIn(dir, 'summary.json');
  return row === undefined ? {} : { short_id: row.short_id, title: `${row.scenario.title} (its worker died)` };
}

function rowIn(dir: string, name: 'summary.json' | 'recorder.json'): Row | undefined {
  try {
    const read = JSON.parse(readFileSync(join(dir, name), 'utf8')) as Row & { readonly run_start?: Row };
    return read.run_start ?? read;
  } catch {
    return undefined;
  }
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

/** The failed attempts with their traces, and, in one line, what did not get to the server and why. */
export function summaryOf(results: readonly Result[]): string {
  return `${failuresOf(results)}${unshippedOf(results.filter(isWaiting))}`;
}

/** What was removed to keep the local traces within their bound, and what cannot be; empty when there was no need. */
export function pruningOf({ traces, freedBytes, keptBytes, unfinished }: Pruned, bound: number): string {
  const others = traces.filter(({ status }) => status !== 'passed').length;
  const removed = traces.length === 0 ? '' : `molar-trace: removed ${traces.length} old ${traces.length === 1 ? 'trace' : 'traces'} (${others} of tests that had not passed), ${bytesOf(freedBytes)}, to keep within \`max_disk_bytes\`\n`;
  const over = keptBytes <= bound ? '' : `molar-trace: the local traces take ${bytesOf(keptBytes)} of ${bytesOf(bound)}; ${unfinished} wait for a server or are being written, so nothing more is removed\n`;
  return removed + over;
}

function bytesOf(count: number): string {
  return `${(count / 1_000_000).toFixed(1)} MB`;
}

function failuresOf(results: readonly Result[]): string {
  const failed = results.filter(({ status }) => status !== 'passed');
  const lines = failed.map((result) => `  ${result.status} ${result.title}${result.retry > 0 ? ` (retry ${result.retry})` : ''}\n    trace ${result.short_id} ${result.trace_id}\n    ${(isWaiting(result) ? undefined : result.url) ?? result.dir}`);
  return lines.length === 0 ? '' : `molar-trace: ${lines.length} failed of ${results.length} recorded\n${lines.join('\n')}\n`;
}

function unshippedOf(waiting: readonly Result[]): string {
  const [first] = waiting;
  if (first?.unshipped === undefined) return '';
  const them = waiting.length === 1 ? '1 trace is' : `${waiting.length} traces are`;
  return `molar-trace: ${them} not on the server (${first.unshipped}); nothing is lost, the next run or \`npx molar-trace recover\` ships what waits\n`;
}

/** Shipping goes on behind the next test, and ends with the removal of the directory. */
function isWaiting({ unshipped, dir }: Result): boolean {
  return unshipped !== undefined && existsSync(dir);
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
