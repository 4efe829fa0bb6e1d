import { expect as playwrightExpect, test as playwrightTest } from '@playwright/test';
import { pushFixtures } from './playwright/auto-fixture.js';
import { standInForSteps } from './playwright/public-hooks.js';
import { mayNeedStandIns, prepareProcess } from './process.js';

/** Makes every test that imports Playwright's own `test` a recorded one. Safe to call more than once. */
export function register(): void {
  prepareProcess();
  if (mayNeedStandIns()) standInForSteps(playwrightTest);
  if (typeof playwrightExpect !== 'function' || !pushFixtures(playwrightTest)) {
    process.stderr.write(
      '\nmolar-trace: NOTHING IS RECORDED: this release of @playwright/test cannot be registered with.\n' +
        "  Import `test` and `expect` from '@molar/trace-capture' in the specs instead, or update @molar/trace-capture.\n\n",
    );
  }
}
