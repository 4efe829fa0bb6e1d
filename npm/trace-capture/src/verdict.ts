import type { TestInfo } from '@playwright/test';

/** `failed` for the wrong outcome, `aborted` for a test that was stopped from outside. */
export function statusOf({ status, expectedStatus }: Pick<TestInfo, 'status' | 'expectedStatus'>): 'passed' | 'failed' | 'error' | 'aborted' {
  if (status === 'interrupted') return 'aborted';
  if (status === 'skipped' || status === expectedStatus) return 'passed';
  return status === undefined ? 'error' : 'failed';
}
