import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ReplayOptions } from './options.js';
import { argumentsOf } from './options.js';
import type { Line } from './outcome.js';
import { readLine } from './outcome.js';
import { Told } from './told.js';

/** How long the command has to take back what it set up, once it is asked to end: a browser that was held may take 30 s of it. */
const GRACE_MS = 40_000;
const ASK_AGAIN_MS = 1_000;
const MOST_SAID = 4_000;
const BIN = fileURLToPath(new URL('../bin/molar-replay.mjs', import.meta.url));

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** What the command is asked to do, and how it is asked to end. */
export interface Asked {
  readonly command: readonly string[];
  readonly options: ReplayOptions;
  /** The end of its input, or a signal as well, where the input has requests that it would carry out first. */
  readonly endsBy: 'input' | 'input-and-signal';
}

/** The command in a process of its own, which ends with this one whatever becomes of it. */
export class Runner {
  readonly told: Told = new Told();
  /** Resolves when the process is gone, with how it ended in words; rejects when it could not be started. */
  readonly ended: Promise<string>;
  readonly #child: Child;
  readonly #endsBy: Asked['endsBy'];
  #isEnding = false;

  /** `hear` is called with each line that it tells, progress and outcomes alike. */
  constructor({ command, options, endsBy }: Asked, hear: (line: Line) => void) {
    const { signal } = options;
    this.#endsBy = endsBy;
    // The channel carries no message: it breaks when this process dies, which the command takes for a request to end.
    this.#child = spawn(process.execPath, [BIN, ...argumentsOf(options, endsBy === 'input' ? [...command, '--end-with-stdin'] : command)], { stdio: ['pipe', 'pipe', 'pipe', 'ipc'] }) as Child;
    // What is written to a command that has just ended is lost, and `ended` tells that it has.
    this.#child.stdin.on('error', () => undefined);
    const end = (): void => this.end();
    if (signal?.aborted) end();
    signal?.addEventListener('abort', end, { once: true });
    this.ended = this.#follow(hear).finally(() => {
      signal?.removeEventListener('abort', end);
      this.told.end();
    });
    this.ended.catch(() => undefined);
  }

  say(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Asks first, since clones and copies of the code are to be taken back. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#child.stdin.end();
    // One that comes before the command listens is not heard, and a second one changes nothing.
    const ask = (): boolean => this.#endsBy === 'input' || this.#child.kill('SIGTERM');
    ask();
    const timers = [setInterval(ask, ASK_AGAIN_MS).unref(), setTimeout(() => this.#child.kill('SIGKILL'), GRACE_MS).unref()];
    this.#child.once('close', () => timers.forEach((timer) => clearTimeout(timer)));
  }

  /** Ends it, and resolves when it is gone. However often it is called, it is ended once. */
  async close(): Promise<void> {
    this.end();
    await this.ended.catch(() => undefined);
  }

  async #follow(hear: (line: Line) => void): Promise<string> {
    const child = this.#child;
    let said = '';
    child.stderr.on('data', (part: Buffer) => (said = (said + part.toString()).slice(-MOST_SAID)));
    const exit = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    for await (const text of createInterface({ input: child.stdout })) {
      const line = readLine(text);
      if (line?.kind === 'progress') this.told.add(line.progress);
      if (line) hear(line);
    }
    const code = await exit;
    return `molar-replay ended with ${code === null ? 'a signal' : `code ${code}`}: ${said.trim() || 'it said nothing'}`;
  }
}
