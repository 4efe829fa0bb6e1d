import { createRequire } from 'node:module';
import type { Session } from './session.js';

/** The newest minor release of Playwright this version was tried with. */
const TRIED_UNTIL = 65;
let told = false;

/**
 * A release of Playwright that renames one inner part makes a channel silent without an error. So a test that ended
 * without its inner hooks says so, loudly and in its trace.
 */
export function checkHooks(session: Session, instrumented: boolean): void {
  if (session.settings.public_hooks) {
    session.recorder.notice('hooks.public', 'public interfaces were used as asked: no hooks and fixtures among the steps, assertions only of the `expect` of this package');
    return;
  }
  const steps = session.publicly ? 'hooks, fixtures and assertions' : 'steps and assertions';
  const missing = [...(session.publicly || !session.seen.has('steps') ? [steps] : []), ...(instrumented ? [] : ['API calls'])];
  if (missing.length === 0) return;
  const replaced = session.publicly || !instrumented ? '; public interfaces took their place as far as they reach' : '';
  session.recorder.notice('hooks.silent', `nothing was heard of ${missing.join(' and ')} in this release of Playwright${replaced}`);
  if (told) return;
  told = true;
  process.stderr.write(
    `\nmolar-trace: NO HOOK FIRED for ${missing.join(' and ')}: this release of Playwright is not fully known to this version of @molar/trace-capture.\n` +
      `  Traces lack them${replaced}. The tests are unaffected. Update @molar/trace-capture.\n\n`,
  );
}

/** Whether the runner is newer than what was tried, so that its inner hooks may have gone. */
export function isUntried(): boolean {
  const { version } = createRequire(import.meta.url)('@playwright/test/package.json') as { version: string };
  const [major, minor] = version.split('.').map(Number);
  return (major ?? 0) > 1 || (minor ?? 0) > TRIED_UNTIL;
}
