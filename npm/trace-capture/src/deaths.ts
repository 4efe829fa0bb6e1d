import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { WORKER_ENTRY } from './placement.js';

/** How a process ended, as its parent is told by Node. */
export interface Death {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Tells of every worker process of this runner that did not end as it should. The runner itself tells nobody. */
export function followWorkers(died: (pid: number, death: Death) => void): void {
  subscribe('child_process', (message) => {
    const { process: child } = message as { readonly process: ChildProcess };
    child.once('exit', (code, signal) => {
      const isWorker = child.spawnargs.some((word) => word.includes(WORKER_ENTRY));
      if (isWorker && child.pid !== undefined && (signal !== null || code !== 0)) died(child.pid, { code, signal });
    });
  });
}
