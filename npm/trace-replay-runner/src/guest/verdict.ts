import type { TestInfo } from '@playwright/test';
import type { ReplayStep } from '@molar/trace-capture';
import type { Missed } from './network/findings.js';
import { shown } from './network/shown.js';
import type { Report } from './progress.js';
import type { Left } from './way.js';
import type { Replay } from './replay.js';

interface Ended {
  readonly testInfo: TestInfo;
  readonly replay: Replay;
  /** The last step of the test's own level that began. */
  readonly step: ReplayStep | undefined;
  /** Why the replay left its way, where it did. */
  readonly left: Left | undefined;
  /** What a step on the record waited for in vain, where it was ended for that. */
  readonly standsStill: string | undefined;
  /** Whether the test came to have a context of a browser. */
  readonly hasBrowser: boolean;
}

/** How Playwright begins what it says of a browser that it cannot start. */
const LAUNCH = /\bbrowserType\.launch/;
const PLACEHOLDER = /\[REDACTED:[^\]\s]{1,80}\]/;

/** What helps where the running application is not where the record left it. */
export const TO_DO = 'Bring it there with --server-fast-forward, or stay on the record with --app-mode recorded';

/** How a replay ended, told from how its test did. */
export function verdictOf({ testInfo, replay, step, left, standsStill, hasBrowser }: Ended): Report {
  const { from_step: wanted, vault_key } = replay.order;
  const { status, expectedStatus } = testInfo;
  const passed = status === expectedStatus;
  const words = (testInfo.error?.message ?? testInfo.error?.value ?? '').replace(/\u001b\[[0-9;]*m/g, '');
  const said = firstLine(words);
  const at = step?.index === undefined ? {} : { step: step.index };
  if (left) return { state: 'diverged', ...at, code: left.code, message: left.message, detail: left.detail };
  if (!passed && !hasBrowser && LAUNCH.test(said)) {
    return { state: 'blocked', code: 'BROWSER_MISSING', message: `the test's browser cannot be started: ${said}. Install it with \`npx playwright install chromium\`, or name yours in the suite's configuration` };
  }
  const [hidden] = passed ? [] : (PLACEHOLDER.exec(words) ?? []);
  if (hidden !== undefined) {
    const why = vault_key === null ? "stayed redacted, since there is no key to the trace's vault. Give it with --vault-key" : "stayed redacted, since the trace's vault does not hold it or is damaged. Replay a whole copy of the trace";
    return { state: 'diverged', ...at, code: 'NO_SECRETS', message: `the test failed: ${said}. In what it says the value ${hidden} ${why}` };
  }
  const { firstMiss: missed, refused } = replay.findings;
  if (replay.skipping) {
    const where = step?.index === undefined ? 'before its first step' : `in step ${step.index}, «${step.title}»`;
    if (passed) return { state: 'diverged', ...at, code: 'NO_SUCH_STEP', message: `the test ended without reaching step ${wanted}: an edit took steps away; choose a smaller step` };
    if (standsStill !== undefined) {
      return {
        state: 'diverged', ...at, code: 'SKIPPED_REGION_DIVERGED',
        message: `nothing happened any more ${where}, which is carried out on the record: ${standsStill}. Choose an earlier step, so that this one runs for real`,
        ...detailOf(replay),
      };
    }
    return {
      state: 'diverged', ...at, code: 'SKIPPED_REGION_DIVERGED',
      message: `the test failed ${where}, before step ${wanted}, while its steps were carried out on the record: ${said || 'no message'}${missed ? `; ${wordsOf(missed)}` : ''}. Choose an earlier step, so that this one runs for real`,
      ...detailOf(replay),
    };
  }
  const clock = clockWords(replay);
  if (passed) return { state: 'passed', ...at, ...(clock === undefined ? {} : { message: clock }) };
  if (refused !== undefined) {
    return {
      state: 'diverged', ...at, code: 'SERVER_DIVERGED',
      message: `${refused}. The running application is not where the record left it, such as without the sign-in, unless an edit makes it answer so. The test failed: ${said || 'no message'}. ${TO_DO}`,
    };
  }
  const message = [said, clock].filter(Boolean).join('; ');
  if (!missed) return { state: 'failed', ...at, ...(message === '' ? {} : { message }) };
  return {
    state: 'diverged', ...at, code: 'NETWORK_MISS',
    message: `${wordsOf(missed)}, and the test failed: ${said || 'no message'}. Replay from an earlier step, or let the origin through with --passthrough`,
    ...detailOf(replay),
  };
}

/** What is to be said of the running application's clock; nothing where it took the recorded one, or was not asked to. */
function clockWords({ findings: { clock } }: Replay): string | undefined {
  if (clock.asked === 0 || clock.taken > 0) return undefined;
  return 'the running application answered with its own clock, as one does without the middleware of @molar/time or with another secret: what it dates is of today';
}

function detailOf(replay: Replay): Pick<Report, 'detail'> {
  const missed = replay.findings.firstMiss;
  return missed ? { detail: { miss: { ...missed, url: shown(missed.url) } } } : {};
}

function wordsOf({ method, url, class: originClass, why }: Missed): string {
  if (why !== undefined) return `the record has no body of the answer to ${method} ${shown(url)} (${why}), so it was given empty`;
  return `the record has no answer to ${method} ${shown(url)} (${originClass}), which was aborted`;
}

function firstLine(text: string): string {
  return (text.split('\n').find((line) => line.trim() !== '') ?? '').trim().slice(0, 300);
}
