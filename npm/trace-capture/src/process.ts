import { native } from './native.js';
import { settings } from './options/index.js';
import { configDirectory, placement, role } from './placement.js';
import { guarded, guardedAsync } from './problems.js';
import { shareRunId } from './run-info.js';
import { summaryOf, takeResults } from './run-results.js';
import { isUntried } from './self-check.js';
import { Worker } from './worker.js';

const RECOVER_MS = 60_000;
let worker: Worker | undefined;
let prepared = false;

/** The recording side of this process; made when first asked for. */
export function theWorker(): Worker {
  worker ??= new Worker();
  return worker;
}

/** What each of Playwright's processes has to do once when this package is loaded in it. */
export function prepareProcess(): void {
  if (prepared) return;
  prepared = true;
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

/** Ships or finishes what dead processes left. Never waited for by a test. */
export async function recover(): Promise<void> {
  const { root, server } = here();
  await guardedAsync('recovering earlier traces', async () => {
    await native()?.recover(root, server);
  });
}

/** The end of the run, as text for the terminal; empty when it has been told or nothing failed. */
export function takeSummary(): string {
  return summaryOf(takeResults(here().root));
}

function runnerStarts(): void {
  if (!settings().enabled) return;
  const timer = setTimeout(() => undefined, RECOVER_MS).unref();
  void recover().finally(() => clearTimeout(timer));
  process.once('exit', () => {
    const text = guarded('the end of a run', takeSummary);
    if (text) process.stderr.write(text);
  });
}

function here(): ReturnType<typeof placement> {
  return placement(settings(), configDirectory());
}

/** The same file is loaded by tools that only list tests or show reports. */
function isTestRun(): boolean {
  return process.argv.includes('test') && !process.argv.includes('--list');
}
