import type { Browser, TestInfo } from '@playwright/test';
import { guarded, guardedAsync } from '../problems.js';
import type { TraceApi } from '../api.js';
import { trace } from '../api.js';
import { theWorker } from '../process.js';
import { atMost } from '../wait.js';

/** Fixtures that the recorder adds to a test. */
export interface CaptureFixtures {
  /** Options of the recorder, for `use: { molarTrace: { … } }` and `test.use`. */
  molarTrace: Record<string, unknown>;
  /** Adds events of the test's own to its trace. */
  molar: TraceApi;
  _molarTest: undefined;
  _molarBody: undefined;
}

/** Fixtures of a worker process. */
export interface CaptureWorkerFixtures {
  _molarWorker: undefined;
}

type Use<T> = (value: T) => Promise<void>;

const SETUP_MS = 5_000;

/**
 * The fixtures as `test.extend` takes them. `box: 'self'` keeps them out of every report; none of them asks for a
 * browser, so a test that only calls an API launches none.
 */
export const fixtures: Readonly<Record<string, readonly unknown[]>> = {
  molarTrace: [{}, { option: true, box: 'self' }],
  molar: [
    async ({}: object, use: Use<TraceApi>): Promise<void> => {
      await use(trace);
    },
    { box: 'self' },
  ],
  _molarWorker: [
    async ({ playwright }: { playwright: unknown }, use: Use<undefined>): Promise<void> => {
      guarded('the hooks of a worker', () => theWorker().attach(playwright));
      await guardedAsync('the events endpoint', async () => await theWorker().openEndpoint());
      await use(undefined);
      await guardedAsync('the end of a worker', async () => await theWorker().tell());
    },
    { scope: 'worker', auto: true, box: 'self' },
  ],
  browser: [
    async ({ browser }: { browser: Browser }, use: Use<Browser>): Promise<void> => {
      await atMost(SETUP_MS / 2, guardedAsync('a browser', async () => await theWorker().browserReady(browser)));
      await use(browser);
    },
    { scope: 'worker', timeout: 0, box: 'self' },
  ],
  _molarTest: [
    async ({ molarTrace }: { molarTrace: unknown }, use: Use<undefined>, testInfo: TestInfo): Promise<void> => {
      guarded('the beginning of a test', () => theWorker().begin(testInfo, molarTrace));
      await use(undefined);
      await guardedAsync('the end of a test', async () => await theWorker().fixtureDone(testInfo));
    },
    { auto: 'all-hooks-included', box: 'self', timeout: SETUP_MS },
  ],
  // The fixture above lives once for `beforeAll` and once for the test; this one only for the test.
  _molarBody: [
    async ({}: object, use: Use<undefined>, testInfo: TestInfo): Promise<void> => {
      theWorker().bodyBegins(testInfo);
      await use(undefined);
    },
    { auto: true, box: 'self', timeout: SETUP_MS },
  ],
};

interface TestTypeInside {
  readonly fixtures: { fixtures: object; location: { file: string; line: number; column: number } }[];
}

/** The names that Playwright itself and this package give to fixtures and options; empty when that cannot be told. */
export function optionNames(test: object): ReadonlySet<string> {
  const lists = insideOf(test)?.fixtures ?? [];
  return new Set([...lists.flatMap((entry) => Object.keys(entry.fixtures)), 'defaultBrowserType', 'screen', 'molarTrace']);
}

function insideOf(test: object): TestTypeInside | undefined {
  const symbol = Object.getOwnPropertySymbols(test).find(({ description }) => description === 'testType');
  const inside = symbol === undefined ? undefined : (Reflect.get(test, symbol) as TestTypeInside | undefined);
  return Array.isArray(inside?.fixtures) ? inside : undefined;
}

/** Adds the fixtures to an existing `test`, so that specs that import it need no change. Whether it was possible. */
export function pushFixtures(test: object): boolean {
  const inside = insideOf(test);
  if (!inside) return false;
  if (!inside.fixtures.some((entry) => entry.fixtures === fixtures)) {
    inside.fixtures.push({ fixtures, location: { file: '@molar/trace-capture', line: 1, column: 1 } });
  }
  return true;
}
