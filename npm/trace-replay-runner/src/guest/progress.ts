import { appendFileSync } from 'node:fs';

/** Where a replay is. */
export type State = 'restoring' | 'skipping' | 'running' | 'held' | 'passed' | 'failed' | 'diverged' | 'blocked';

/** Why a replay is where it is, for programs. */
export type Code = 'SKIPPED_REGION_DIVERGED' | 'SERVER_DIVERGED' | 'NETWORK_MISS' | 'NO_SUCH_STEP' | 'NO_TAPE' | 'NO_SNAPSHOT' | 'NO_SECRETS' | 'UNSUPPORTED_HANDLE' | 'BROWSER_MISSING';

/** One line of progress, without its time. */
export interface Report {
  readonly state: State;
  readonly step?: number;
  readonly code?: Code;
  /** What, where, what to do. */
  readonly message?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Appends what happens to the file that the runner follows. Written at once and in full lines, so that a killed worker's last word stays. */
export class Progress {
  readonly #file: string | undefined;

  constructor(file: string | null | undefined) {
    this.#file = file ?? undefined;
  }

  tell(report: Report): void {
    if (this.#file === undefined) return;
    try {
      appendFileSync(this.#file, `${JSON.stringify({ at_ms: Date.now(), ...report })}\n`);
    } catch {
      // A full disk is no fault of the test. Without a last word the runner takes nothing for passed.
    }
  }
}
