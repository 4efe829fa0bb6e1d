import type { Death } from './deaths.js';
import { followWorkers } from './deaths.js';
import { native } from './native.js';
import { settings } from './options/index.js';
import { configDirectory, placement, role } from './placement.js';
import { guarded, guardedAsync } from './problems.js';
import { shareRunId } from './run-info.js';
import { noteDied, pruningOf, summaryOf, takeResults } from './run-results.js';
import { isUntried } from './self-check.js';
import { Worker } from './worker.js';
import { loadReplay } from './replay-port.js';

const RECOVER_MS = 60_000;
/** Longest the end of a run waits for the traces of workers that died. */
const LAST_MS = 5_000;
let worker: Worker | undefined;
let prepared = false;
/** Directories of traces whose workers died in this run. */
const orphaned: string[] = [];

/** The recording side of this process; made when first asked for. */
export function theWorker(): Worker {
  worker ??= new Worker();
  return worker;
}

/** What each of Playwright's processes has to do once when this package is loaded in it. */
export function prepareProcess(): void {
  if (prepared) return;
  prepared = true;
  loadReplay();
  guarded('the start of a process', () => {
    shareRunId();
    // The configuration may go on to call `configure`, so the options are read when it has been loaded.
    if (role() === 'runner' && isTestRun()) setImmediate(() => guarded('the start of a run', runnerStarts));
  });
}

/**
 * Whether to stand in front of Playwright's public functions. That must be decided before specs are loaded, when it cannot be known
 * whether the inner hooks are there; where they are, the stand-ins do nothing.
 */
export function mayNeedStandIns(): boolean {
  return role() === 'worker' && (settings().public_hooks || guarded('the release of Playwright', isUntried) === true);
}

/** Finishes what a worker of this run left when it died, while the run goes on. */
async function workerDied(pid: number, death: Death): Promise<void> {
  const { root } = here();
  const dirs = native()?.noteDeath(root, pid, death) ?? [];
  orphaned.push(...dirs);
  if (dirs.length > 0) await recover();
}

/** Ships or finishes what dead processes left. Never waited for by a test. */
export async function recover(): Promise<void> {
  const { root, server } = here();
  await guardedAsync('recovering earlier traces', async () => {
    await native()?.recover(root, server);
  });
}

/** The end of the run, as text for the terminal; empty when it has been told or nothing failed. */
export function takeSummary(): string {
  guarded('recovering a worker\'s trace', settleOrphaned);
  return summaryOf(takeResults(here().root));
}

function runnerStarts(): void {
  if (!settings().enabled) return;
  const timer = setTimeout(() => undefined, RECOVER_MS).unref();
  void recover().then(keepWithinBounds).finally(() => clearTimeout(timer));
  followWorkers((pid, death) => void guardedAsync('the death of a worker', async () => await workerDied(pid, death)));
  process.once('exit', () => {
    const text = guarded('the end of a run', takeSummary);
    if (text) process.stderr.write(text);
  });
}

/** Removes traces beyond `max_disk_bytes`, and what killed processes left half written. */
export async function keepWithinBounds(): Promise<void> {
  await guardedAsync('the bound of the local traces', async () => {
    const { max_disk_bytes } = settings();
    const pruned = await native()?.prune(here().root, max_disk_bytes);
    if (pruned && max_disk_bytes !== undefined) process.stderr.write(pruningOf(pruned, max_disk_bytes));
  });
}

/** A worker that died last is not dealt with yet, and nothing can be waited for any more. */
function settleOrphaned(): void {
  if (orphaned.length === 0) return;
  const { root } = here();
  native()?.recoverNow(root, LAST_MS);
  noteDied(root, orphaned.splice(0));
}

function here(): ReturnType<typeof placement> {
  return placement(settings(), configDirectory());
}

/** The same file is loaded by tools that only list tests or show reports. */
function isTestRun(): boolean {
  return process.argv.includes('test') && !process.argv.includes('--list');
}
