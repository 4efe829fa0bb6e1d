/** Why a replay is blocked or has diverged. The words never change their meaning; a later release may add some. */
export type ReplayCode =
  | 'COLD_TIER' | 'NO_SUCH_STEP' | 'NO_SNAPSHOT' | 'SKIPPED_REGION_DIVERGED' | 'NETWORK_MISS' | 'CLONE_RESTORE_FAILED' | 'CLONE_UNREACHABLE' | 'BUILD_FAILED'
  | 'NO_CODE' | 'SERVER_DIVERGED' | 'PATCH_FAILED' | 'UNSUPPORTED_HANDLE' | 'BROWSER_VERSION_SKEW' | 'NO_SECRETS' | 'NO_TAPE' | 'NO_TEST' | 'BROWSER_MISSING' | 'CANCELLED';

/** What every line of progress has. */
interface Told {
  /** Epoch milliseconds. */
  readonly at_ms: number;
  /** The part of the pipeline that tells it; none where the test's worker does. */
  readonly action?: string;
  readonly message?: string;
  readonly detail?: unknown;
}

/** One line of progress. */
export type ReplayProgress =
  | (Told & { readonly state: 'ready' | 'restoring'; readonly code?: ReplayCode })
  /** `step` is the one that is carried out on the record. */
  | (Told & { readonly state: 'skipping'; readonly step?: number })
  | (Told & { readonly state: 'running' | 'held' | 'passed' | 'failed'; readonly step?: number })
  | (Told & { readonly state: 'diverged' | 'blocked'; readonly step?: number; readonly code?: ReplayCode });

/** What every outcome has. */
interface Ended {
  readonly replay_id: string;
  readonly parent_trace_id: string;
  readonly from_step: number;
  /** Which run of a held replay, from 1. */
  readonly run?: number;
  /** The trace of the replay itself. */
  readonly child?: { readonly trace_id: string; readonly directory: string };
  /** How many events were the same, per channel, and where the first divergence is. */
  readonly certificate?: unknown;
  /** Milliseconds of each part of the pipeline, and `total`. */
  readonly timings_ms: Readonly<Record<string, number>>;
}

/** How a replay came out. */
export type ReplayOutcome =
  | (Ended & { readonly state: 'passed' })
  /** The test failed as tests fail. */
  | (Ended & { readonly state: 'failed'; readonly message?: string })
  /** It left the recorded path; `message` says what, where, and what to do. */
  | (Ended & { readonly state: 'diverged'; readonly code: ReplayCode; readonly message: string })
  /** It could not be carried out. */
  | (Ended & { readonly state: 'blocked'; readonly code: ReplayCode; readonly message: string });

/** A browser came to the step and was let go. */
export type HeldOutcome = Ended & { readonly state: 'held' };

/** What became of a change to the copy of a held replay. */
export type ChangeOutcome =
  | { readonly state: 'done'; readonly message: string }
  /** The copy is as it was; `message` says why and what to do. */
  | { readonly state: 'refused'; readonly code: ReplayCode | undefined; readonly message: string };

/** One line of the command's output: progress, or an outcome. */
export type Line = { readonly kind: 'progress'; readonly progress: ReplayProgress } | { readonly kind: 'outcome'; readonly outcome: ReplayOutcome | HeldOutcome };

const STATES = new Set(['ready', 'restoring', 'skipping', 'running', 'held', 'passed', 'failed', 'diverged', 'blocked']);

/** Reads a line; nothing for one that is neither, such as what a program of the suite prints. */
export function readLine(text: string): Line | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { outcome, state } = value as { readonly outcome?: unknown; readonly state?: unknown };
  if (typeof outcome === 'object' && outcome !== null) return { kind: 'outcome', outcome: outcome as ReplayOutcome | HeldOutcome };
  return typeof state === 'string' && STATES.has(state) ? { kind: 'progress', progress: value as ReplayProgress } : undefined;
}
