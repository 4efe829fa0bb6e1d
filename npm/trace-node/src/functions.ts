import { native } from './native';
import type { PruneReport, RecoverReport, ServerOptions, VaultSecret } from './native';

/**
 * Finishes what dead processes left under `root`: closes their traces and, with a server, ships them.
 *
 * Traces of living processes are left alone, so calling it at every start is safe.
 */
export function recover(root: string, server?: ServerOptions): Promise<RecoverReport> {
  return native.recover(root, server ?? null);
}

/**
 * Ends the traces whose processes `noteDeath` was told about before it returns, and ships nothing; for a process that is
 * about to end and cannot wait for a promise.
 *
 * @returns false when it was not done within `timeoutMs`
 */
export function recoverNow(root: string, timeoutMs: number): boolean {
  return native.recoverNow(root, timeoutMs);
}

/** How a process ended, as its parent is told by Node. */
export interface Death {
  /** Exit code, when it ended by itself. */
  readonly code: number | null;
  /** Signal that ended it. */
  readonly signal: string | null;
}

/** Notes how process `pid` of this machine ended beside its unfinished traces, for `recover` to tell; their directories. */
export function noteDeath(root: string, pid: number, { code, signal }: Death): string[] {
  return native.noteDeath(root, pid, code, signal);
}

/**
 * Removes finished traces, the oldest that passed first, until the store under `root` has at most `maxBytes`; traces that
 * wait for a server stay. Without a limit only what killed processes left half written goes.
 */
export function prune(root: string, maxBytes?: number): Promise<PruneReport> {
  return native.prune(root, maxBytes ?? null);
}

/**
 * Plants a secret for every redaction rule, in rules given as JSON or the default ones.
 *
 * @throws an `Error` with `code` `REDACTION_SILENT` that names the rule which let its secret through, or `REDACTION_INVALID`.
 */
export function selfCheckRedaction(rules?: string): void {
  native.selfCheckRedaction(rules ?? null);
}

/** What this version of the addon does that an older one does not. */
export interface Capabilities {
  /** A payload's `secret` goes to the vault, or is forgotten, and never to the disk in clear. */
  readonly secrets: boolean;
}

/** What the recorder below can be trusted with. */
export function capabilities(): Capabilities {
  return { secrets: true };
}

/**
 * The originals of a trace's redacted values, opened with the private key in `keyFile`; empty when the trace has no vault.
 *
 * @param dir the trace's directory, or its `secrets.age`
 * @throws an `Error` with `code` `VAULT_UNREADABLE` when the key is another one's or the file is damaged.
 */
export function readVault(dir: string, keyFile: string): VaultSecret[] {
  return native.readVault(dir, keyFile);
}

/**
 * Runs the `molar-trace` command in this process and resolves with its exit code.
 *
 * @param args the arguments behind the program's name, such as `['recover', '.molar']`
 */
export function runCli(args: string[]): Promise<number> {
  return native.runCli(args);
}

/**
 * Runs the `replay-runner` command in this process and resolves with its exit code.
 *
 * @param args the arguments behind the program's name, such as `['run', '--trace', 'xY9zQ2mNp', '--from-step', '7']`
 */
export function runReplayCli(args: string[]): Promise<number> {
  return native.runReplayCli(args);
}
