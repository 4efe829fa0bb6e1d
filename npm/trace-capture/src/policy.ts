import { createHash } from 'node:crypto';
import type { Settings } from './options/index.js';

/** One attempt of one test in one run. */
export interface Attempt {
  readonly testId: string;
  readonly runId: string;
  /** 0 for the first. */
  readonly retry: number;
}

/** What becomes of an attempt: nothing, a trace, or a trace that stays here until the verdict says whether anybody wants it. */
export type Plan = 'leave' | 'record' | 'hold';

type Policy = Pick<Settings, 'enabled' | 'mode' | 'sample'>;

/** Decided before the test begins, from nothing but the options and the attempt. */
export function planOf({ enabled, mode, sample }: Policy, attempt: Attempt): Plan {
  if (!enabled || mode === 'off') return 'leave';
  if (mode === 'retain-on-failure') return 'hold';
  if (mode === 'on-first-retry' && attempt.retry !== 1) return 'leave';
  if (mode === 'on-all-retries' && attempt.retry === 0) return 'leave';
  return isDrawn(sample ?? 1, attempt) ? 'record' : 'leave';
}

/** Whether a held trace stays. A failed one always does; of the others as many as `sample` says, none when it is absent. */
export function isKept({ sample }: Policy, attempt: Attempt, failed: boolean): boolean {
  return failed || isDrawn(sample ?? 0, attempt);
}

/** The same for all attempts of a test in a run, on every shard and machine, so that retries are never recorded by halves. */
function isDrawn(share: number, { testId, runId }: Attempt): boolean {
  const digest = createHash('sha256').update(`${runId}\n${testId}`).digest();
  return digest.readUInt32BE(0) / 2 ** 32 < share;
}
