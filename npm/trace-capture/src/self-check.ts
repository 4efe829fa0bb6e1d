import type { Session } from './session.js';

let told = false;

/**
 * A release of Playwright that renames one inner part makes a channel silent without an error. So a test that ended
 * without a single step reported says so, loudly and in its trace.
 */
export function checkHooks(session: Session, instrumented: boolean): void {
  const missing = [...(session.seen.has('steps') ? [] : ['steps and assertions']), ...(instrumented ? [] : ['API calls'])];
  if (missing.length === 0) return;
  session.recorder.notice('hooks.silent', `nothing was heard of ${missing.join(' and ')} in this release of Playwright`);
  if (told) return;
  told = true;
  process.stderr.write(
    `\nmolar-trace: NO HOOK FIRED for ${missing.join(' and ')}: this release of Playwright is not fully known to this version of @molar/trace-capture.\n` +
      '  Traces lack them; the tests are unaffected. Update @molar/trace-capture.\n\n',
  );
}
