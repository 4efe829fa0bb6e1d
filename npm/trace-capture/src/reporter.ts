import type { Reporter } from '@playwright/test/reporter';
import { keepWithinBounds, recover, takeSummary } from './process.js';
import { atMost } from './wait.js';

const RECOVER_MS = 10_000;

/**
 * Optional: `reporter: [['list'], ['@molar/trace-capture/reporter']]`. Tells at the end where the traces of failed tests
 * are, in the place among the other reporters that the configuration gives it, and ships what dead workers left.
 */
export class TraceReporter implements Reporter {
  async onEnd(): Promise<void> {
    process.stdout.write(takeSummary());
    await atMost(RECOVER_MS, recover().then(keepWithinBounds));
  }

  printsToStdio(): boolean {
    return false;
  }
}

export default TraceReporter;
