import { guarded } from './problems.js';
import type { Session } from './session.js';
import { withoutAnsi } from './text.js';

const MAX_TEXT = 64 * 1024;

/**
 * Copies what the test prints into its trace. The runner has replaced `write` on both streams already, so this goes
 * around its function and changes neither what is printed nor where.
 */
export function captureStdio(current: () => Session | undefined): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = process[name];
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
    stream.write = ((...args: unknown[]): boolean => {
      guarded('printed text', () => record(current(), name, args[0]));
      return write(...args);
    }) as typeof stream.write;
  }
}

function record(session: Session | undefined, name: 'stdout' | 'stderr', chunk: unknown): void {
  if (!session?.settings.stdio) return;
  const text = typeof chunk === 'string' ? chunk : chunk instanceof Uint8Array ? Buffer.from(chunk).toString('utf8') : undefined;
  if (text === undefined || text === '' || text.startsWith('molar-trace:')) return;
  session.append('scenario.event', { name, text: withoutAnsi(text.slice(0, MAX_TEXT)) });
}
