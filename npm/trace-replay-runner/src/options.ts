import { fileURLToPath } from 'node:url';
import type { AppMode, Strategy } from './guest/order.js';

/** What to replay, and what differs from how it was recorded. */
export interface ReplayOptions {
  /** The recorded trace: an id, the beginning of one, its folder or a bundle. */
  readonly trace: string;
  /** The `test.step` of the test's own level to begin at, from 1. */
  readonly fromStep: number;
  /** Folder of the suite, where its Playwright configuration lies; the current one when absent. */
  readonly suite?: string;
  /** The configuration, relative to the suite's folder. */
  readonly config?: string;
  /** The folder that the recorder wrote to. */
  readonly root?: string;
  /** Files with unified diffs, applied in order to a copy of the code. */
  readonly edits?: readonly string[];
  /** Variables to change in the environment of the test and of the servers it starts. */
  readonly setEnv?: Readonly<Record<string, string>>;
  /** A command to run in the edited copy of the suite before the test. */
  readonly build?: string;
  /** Variables of the child that are no edit. */
  readonly env?: Readonly<Record<string, string>>;
  /** Admin addresses of clones by name. */
  readonly clones?: Readonly<Record<string, string>>;
  /** Restores no clone, although the trace has snapshots. */
  readonly withoutClones?: boolean;
  readonly appOrigins?: readonly string[];
  /** Addresses that requests may really go to. */
  readonly passthrough?: readonly string[];
  /** File of the private key of the trace's vault. */
  readonly vaultKey?: string;
  /** Where the replay's own trace is written. */
  readonly out?: string;
  readonly strategy?: Strategy;
  readonly appMode?: AppMode;
  /** Sends what changed something in the skipped steps to the running application, before the first live one. */
  readonly serverFastForward?: boolean;
  /** The working directory's code, or the recorded commit's. */
  readonly code?: 'working-directory' | 'sha';
  /** Ends the replay after so many seconds. */
  readonly timeoutSeconds?: number;
  /** Ends the replay when it is aborted; its outcome is then `blocked` with `CANCELLED`. */
  readonly signal?: AbortSignal;
}

/** The same for a browser that is kept at the step. */
export interface OpenOptions extends ReplayOptions {
  /** Without a window, to be reached by its address alone. */
  readonly headless?: boolean;
}

/** The same as arguments of the command, behind its word. */
export function argumentsOf(options: ReplayOptions, command: readonly string[] = ['run']): string[] {
  const { trace, fromStep, suite, config, root, build, vaultKey, out, strategy, appMode, timeoutSeconds, withoutClones, serverFastForward, code } = options;
  const named: readonly (readonly [string, string | number | undefined])[] = [
    ['--root', root], ['--trace', trace], ['--from-step', fromStep], ['--suite', suite], ['--config', config], ['--build', build], ['--vault-key', vaultKey],
    ['--out', out], ['--strategy', strategy], ['--app-mode', appMode], ['--code', code], ['--timeout', timeoutSeconds],
    ['--guest', fileURLToPath(new URL('./guest.cjs', import.meta.url))],
  ];
  const pairs = (flag: string, values: Readonly<Record<string, string>> = {}): string[] => Object.entries(values).map(([name, value]) => `${flag}=${name}=${value}`);
  const lists = (flag: string, values: readonly string[] = []): string[] => values.map((value) => `${flag}=${value}`);
  return [
    ...command, '--json', ...named.flatMap(([flag, value]) => (value === undefined ? [] : [`${flag}=${value}`])),
    ...lists('--edit', options.edits), ...pairs('--set-env', options.setEnv), ...pairs('--env', options.env), ...pairs('--clone', options.clones),
    ...lists('--app-origin', options.appOrigins), ...lists('--passthrough', options.passthrough), ...(withoutClones === true ? ['--without-clones'] : []), ...(serverFastForward === true ? ['--server-fast-forward'] : []),
  ];
}
