import { native } from './native';
import type { RecoverReport, ServerOptions } from './native';

/**
 * Finishes what dead processes left under `root`: closes their traces and, with a server, ships them.
 *
 * Traces of living processes are left alone, so calling it at every start is safe.
 */
export function recover(root: string, server?: ServerOptions): Promise<RecoverReport> {
  return native.recover(root, server ?? null);
}

/**
 * Plants a secret for every redaction rule, in rules given as JSON or the default ones.
 *
 * @throws an `Error` with `code` `REDACTION_SILENT` that names the rule which let its secret through, or `REDACTION_INVALID`.
 */
export function selfCheckRedaction(rules?: string): void {
  native.selfCheckRedaction(rules ?? null);
}

/**
 * Runs the `molar-trace` command in this process and resolves with its exit code.
 *
 * @param args the arguments behind the program's name, such as `['recover', '.molar']`
 */
export function runCli(args: string[]): Promise<number> {
  return native.runCli(args);
}
