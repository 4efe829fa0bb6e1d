import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A Node process; `first` is the first line it prints, as JSON. */
export interface Child {
  first: Promise<unknown>;
  end(): Promise<void>;
}

/** Starts Node with these arguments, with the given variables set (`undefined` removes one). */
export function started(args: string[], env: Record<string, string | undefined>): Child {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const first = new Promise((resolve, reject) => {
    lines.once('line', (line) => resolve(JSON.parse(line)));
    lines.once('close', () => reject(new Error(`${args.join(' ')} ended without a line`)));
  });
  const end = async (): Promise<void> => {
    child.kill();
    await exited;
  };
  return { first, end };
}
