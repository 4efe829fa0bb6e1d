import type { Browser, BrowserContext } from '@playwright/test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RawTestInfo } from './playwright/privates.js';
import { guarded } from './problems.js';
import type { Session } from './session.js';

/** What a worker does while it lives so that its record is whole when it does not end as it should. */

const open = new WeakMap<Browser, Set<BrowserContext>>();
const numbers = new WeakMap<Session, number>();
let watching = false;

/** A directory beside the trace for files as Playwright writes them: nobody else may read it, and it goes when the trace is finished. */
export function privateDir(session: Session, name: string): string {
  const dir = join(session.recorder.dir, 'raw', name);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

/** Has the files of our next Playwright trace followed; the name under which Playwright has to write them. */
export function followOwnTrace(session: Session): string {
  const number = (numbers.get(session) ?? 0) + 1;
  numbers.set(session, number);
  const name = `molar-${session.recorder.traceId}-${number}`;
  follow(session, name);
  return name;
}

/** The same for the trace that the user's configuration records: the runner names its files after the test. */
export function followUsersTrace(session: Session): void {
  const { _tracing } = session.testInfo as unknown as RawTestInfo;
  if (session.settings.playwright_zip && _tracing?.traceOptions?.()) follow(session, session.testInfo.testId);
}

function follow(session: Session, stem: string): void {
  const { _tracing } = session.testInfo as unknown as RawTestInfo;
  const dir = _tracing?.tracesDir?.();
  if (dir !== undefined) session.recorder.followTrace(dir, stem);
}

/** A test that ends its process, or a runner that died, is told in the trace of the moment. */
export function watchLeaving(current: () => Session | undefined): void {
  if (watching) return;
  watching = true;
  process.once('exit', (code) => tell(current(), 'worker.exit', `the worker process ended with exit code ${code} before the test did`));
  process.once('disconnect', () => tell(current(), 'runner.gone', 'the test runner ended before the test did'));
}

/** A context that is open until somebody closes it. */
export function contextBegins(context: BrowserContext): void {
  const browser = context.browser();
  if (!browser) return;
  const all = open.get(browser) ?? new Set();
  open.set(browser, all.add(context));
}

/** A context is closed in good order. */
export function contextEnds(context: BrowserContext): void {
  const browser = context.browser();
  if (browser) open.get(browser)?.delete(context);
}

/** A browser that is gone while contexts are open has crashed or was killed. */
export function watchBrowser(browser: Browser, current: () => Session | undefined): void {
  browser.once('disconnected', () => {
    if ((open.get(browser)?.size ?? 0) > 0) tell(current(), 'browser.gone', 'the browser ended without being closed, so what it had not handed over yet is missing');
  });
}

function tell(session: Session | undefined, code: string, message: string): void {
  if (session) guarded('the end of a process', () => session.recorder.notice(code, message));
}
