import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ReplayOptions } from './options.js';
import { argumentsOf } from './options.js';
import type { ReplayOutcome, ReplayProgress } from './outcome.js';
import { readLine } from './outcome.js';

/** How long the command has to take back what it set up, once it is asked to end. */
const GRACE_MS = 20_000;
const MOST_SAID = 4_000;

/** A replay under way: its progress one by one, and its outcome. */
export interface Replay extends AsyncIterable<ReplayProgress> {
  /**
   * How it came out. Rejects only when the command itself could not do its work, such as for an option that it refuses; a test
   * that fails and a replay that is blocked are outcomes.
   */
  readonly outcome: Promise<ReplayOutcome>;
  /** Ends it early, as `signal` does. */
  cancel(): void;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Replays a recorded test from one of its steps, in processes of its own. */
export function replay(options: ReplayOptions): Replay {
  const { signal } = options;
  const bin = fileURLToPath(new URL('../bin/molar-replay.mjs', import.meta.url));
  const child: Child = spawn(process.execPath, [bin, ...argumentsOf(options)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const told = new Told();
  const cancel = (): void => end(child);
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  const outcome = outcomeOf(child, told).finally(() => {
    signal?.removeEventListener('abort', cancel);
    told.end();
  });
  // Whoever only reads the progress need not ask for the outcome as well.
  outcome.catch(() => undefined);
  return { outcome, cancel, [Symbol.asyncIterator]: () => told.from(0) };
}

async function outcomeOf(child: Child, told: Told): Promise<ReplayOutcome> {
  let said = '';
  child.stderr.on('data', (part: Buffer) => (said = (said + part.toString()).slice(-MOST_SAID)));
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  let found: ReplayOutcome | undefined;
  for await (const text of createInterface({ input: child.stdout })) {
    const line = readLine(text);
    if (line?.kind === 'progress') told.add(line.progress);
    if (line?.kind === 'outcome') found = line.outcome;
  }
  const code = await exit;
  if (found) return found;
  throw new Error(`molar-replay ended with ${code === null ? 'a signal' : `code ${code}`} and without an outcome: ${said.trim() || 'it said nothing'}`);
}

/** Asks first, since clones and copies of the code are to be taken back. */
function end(child: Child): void {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  timer.unref();
  child.once('close', () => clearTimeout(timer));
}

/** All progress so far, for any number of readers at any time. */
class Told {
  readonly #lines: ReplayProgress[] = [];
  #wake: (() => void)[] = [];
  #isOver = false;

  add(line: ReplayProgress): void {
    this.#lines.push(line);
    this.#rouse();
  }

  end(): void {
    this.#isOver = true;
    this.#rouse();
  }

  async *from(at: number): AsyncGenerator<ReplayProgress, void, undefined> {
    for (let next = at; ; next += 1) {
      while (next >= this.#lines.length && !this.#isOver) await new Promise<void>((resolve) => this.#wake.push(resolve));
      const line = this.#lines[next];
      if (!line) return;
      yield line;
    }
  }

  #rouse(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
