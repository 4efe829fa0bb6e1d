import type { TestInfo } from '@playwright/test';
import { test } from '@playwright/test';
import { optionNames } from './playwright/auto-fixture.js';
import type { Session } from './session.js';
import type { Payload } from './values.js';
import { describe } from './values.js';

/** Options of Playwright's component testing. */
const COMPONENTS = /^ct[A-Z]/;

/** The suite's own options that the project sets: what makes one project of a parametrised suite differ from the next. */
export function recordParameters(session: Session): void {
  const known = optionNames(test);
  for (const [key, value] of Object.entries(session.testInfo.project.use)) {
    if (known.has(key) || COMPONENTS.test(key) || typeof value === 'function') continue;
    session.append('scenario.event', { name: 'parameter', key, value: describe(value) }, { stepId: undefined });
  }
}

/** Where the test stands in its run, for `run.start.environment`. */
export function placeInRun({ config, project }: TestInfo): Payload {
  const metadata = describe(project.metadata ?? {}) as Payload;
  return {
    workers: config.workers,
    retries: project.retries,
    repeat: project.repeatEach,
    ...(config.shard ? { shard: { current: config.shard.current, total: config.shard.total } } : {}),
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
  };
}
