import { problems } from '../problems.js';
import type { Session } from '../session.js';

const GONE = /has been closed|session closed|target closed/i;

/**
 * Work on a page or context that may close meanwhile, since what waits for it waits only so long. Then the trace lacks
 * something, which it says, and nothing is wrong with the recorder.
 */
export async function whileOpen(session: Session, what: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (cause) {
    const gone = cause instanceof Error && GONE.test(cause.message);
    if (gone) session.recorder.notice('closed.early', `${what} was not done when its page or context closed`);
    else problems.add(what, cause);
  }
}
