/**
 * Records every Playwright test attempt as one Molar trace.
 *
 * Either `import '@molar/trace-capture/register'` in `playwright.config.ts`, which leaves the specs unchanged, or import
 * `test` and `expect` from here. Both give the same record.
 */
import { expect as baseExpect, test as base } from '@playwright/test';
import type { PlaywrightTestArgs, PlaywrightTestOptions, PlaywrightWorkerArgs, PlaywrightWorkerOptions, TestType } from '@playwright/test';
import type { TraceApi } from './api.js';
import { fixtures } from './playwright/auto-fixture.js';
import type { TraceCaptureOptions } from './options/index.js';
import { standInForExpect } from './playwright/public-acts.js';
import { standInForSteps } from './playwright/public-hooks.js';
import { mayNeedStandIns, prepareProcess } from './process.js';

/** What tests made from this package have besides Playwright's own fixtures. */
export interface TraceFixtures {
  /** Options of the recorder for these tests. */
  molarTrace: TraceCaptureOptions;
  /** Adds events of the test's own to its trace. */
  molar: TraceApi;
}

type Recorded = TestType<PlaywrightTestArgs & PlaywrightTestOptions & TraceFixtures, PlaywrightWorkerArgs & PlaywrightWorkerOptions>;

prepareProcess();
const standIns = mayNeedStandIns();
if (standIns) standInForSteps(base);

/** Playwright's `expect`. */
export const expect: typeof baseExpect = standIns ? standInForExpect(baseExpect) : baseExpect;

/** Playwright's `test`, recorded. */
export const test: Recorded = (base.extend as (added: object) => unknown)(fixtures) as Recorded;

export { fixtures };
export { trace } from './api.js';
export { configure } from './options/index.js';
export { register } from './register.js';
export type { ApiAnswer, ApiAsked } from './network/api-hops.js';
export type { ReplayGuest, ReplayHop, ReplaySession, ReplayStep } from './replay-port.js';
export type { TraceApi } from './api.js';
export type { CloneOptions, TraceCaptureOptions } from './options/index.js';
