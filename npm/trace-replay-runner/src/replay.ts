import type { ReplayOptions } from './options.js';
import type { ReplayOutcome, ReplayProgress } from './outcome.js';
import { Runner } from './runner.js';

/** A replay under way: its progress one by one, and its outcome. */
export interface Replay extends AsyncIterable<ReplayProgress> {
  /**
   * How it came out. Rejects only when the command itself could not do its work, such as for an option that it refuses; a test
   * that fails and a replay that is blocked are outcomes.
   */
  readonly outcome: Promise<ReplayOutcome>;
  /** Ends it early, as `signal` does. */
  cancel(): void;
}

/** Replays a recorded test from one of its steps, in processes of its own. */
export function replay(options: ReplayOptions): Replay {
  let found: ReplayOutcome | undefined;
  const runner = new Runner({ command: ['run'], options, endsBy: 'input' }, (line) => {
    if (line.kind === 'outcome' && line.outcome.state !== 'held') found = line.outcome;
  });
  const outcome = runner.ended.then((how) => found ?? Promise.reject(new Error(how)));
  // Whoever only reads the progress need not ask for the outcome as well.
  outcome.catch(() => undefined);
  return { outcome, cancel: () => runner.end(), [Symbol.asyncIterator]: () => runner.told.all() };
}
