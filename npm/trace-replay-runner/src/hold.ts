import { resolve as absolute } from 'node:path';
import type { ReplayOptions } from './options.js';
import type { ChangeOutcome, Line, ReplayOutcome, ReplayProgress } from './outcome.js';
import { Runner } from './runner.js';

/**
 * A replay that keeps what it prepared, for further edits. One thing is asked at a time: what is asked while something else is
 * under way is refused, and so is everything after the end.
 */
export interface HeldReplay extends AsyncIterable<ReplayProgress>, AsyncDisposable {
  /** How the first run came out, which begins by itself. One that is blocked before its test began ends the replay. */
  readonly first: Promise<ReplayOutcome>;
  /** Applies one more patch on top of what stands in the copy. One that does not fit changes nothing. */
  edit(patchFile: string): Promise<ChangeOutcome>;
  /** Takes the last patch back. */
  undo(): Promise<ChangeOutcome>;
  /** Builds, restores the clones and carries the test out once more. */
  run(): Promise<ReplayOutcome>;
  /** Closes everything, also a run that is under way, and resolves when it is gone. A second call waits for the first. */
  end(): Promise<void>;
}

/** What is under way, and who waits for it. */
type UnderWay =
  | { readonly at: 'run'; readonly settle: (outcome: ReplayOutcome) => void; readonly fail: (why: Error) => void; outcome?: ReplayOutcome }
  | { readonly at: 'change'; readonly settle: (outcome: ChangeOutcome) => void; readonly fail: (why: Error) => void }
  | { readonly at: 'nothing' }
  | { readonly at: 'end'; readonly how: string };

/** Replays a recorded test from one of its steps, and keeps what it prepared for further edits and runs. */
export function hold(options: ReplayOptions): HeldReplay {
  return new Held(options);
}

class Held implements HeldReplay {
  readonly first: Promise<ReplayOutcome>;
  readonly #runner: Runner;
  #now: UnderWay = { at: 'nothing' };

  constructor(options: ReplayOptions) {
    this.first = this.#begun();
    // Whoever only reads the progress need not ask for the outcome as well.
    this.first.catch(() => undefined);
    this.#runner = new Runner({ command: ['run', '--hold'], options, endsBy: 'input-and-signal' }, (line) => this.#hear(line));
    this.#runner.ended.then((how) => this.#over(how), (error: unknown) => this.#over(String(error)));
  }

  async edit(patchFile: string): Promise<ChangeOutcome> {
    const file = absolute(patchFile);
    // A request is one line, and the command takes white space off its end.
    if (/[\r\n]|\s$/.test(file)) return { state: 'refused', code: 'PATCH_FAILED', message: `the patch ${JSON.stringify(file)} cannot be named to the runner: give a path without line breaks and white space at its end` };
    return await this.#change(`edit ${file}`);
  }

  async undo(): Promise<ChangeOutcome> {
    return await this.#change('undo');
  }

  async run(): Promise<ReplayOutcome> {
    this.#free('run');
    const outcome = this.#begun();
    this.#runner.say('run');
    return await outcome;
  }

  async end(): Promise<void> {
    await this.#runner.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runner.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<ReplayProgress> {
    return this.#runner.told.all();
  }

  async #begun(): Promise<ReplayOutcome> {
    return await new Promise((settle, fail) => (this.#now = { at: 'run', settle, fail }));
  }

  async #change(request: string): Promise<ChangeOutcome> {
    this.#free(request);
    const outcome = new Promise<ChangeOutcome>((settle, fail) => (this.#now = { at: 'change', settle, fail }));
    this.#runner.say(request);
    return await outcome;
  }

  #free(request: string): void {
    const { at } = this.#now;
    if (at === 'nothing') return;
    const why = at === 'end' ? `the held replay has ended (${this.#now.how})` : `a ${at} is under way; wait for its outcome, or end the replay`;
    throw new Error(`\`${request}\` is refused: ${why}`);
  }

  #hear(line: Line): void {
    const now = this.#now;
    if (now.at === 'run' && line.kind === 'outcome' && line.outcome.state !== 'held') now.outcome = line.outcome;
    if (line.kind === 'outcome' || line.progress.action !== 'edits') return;
    const { progress } = line;
    // After each run the command says that it waits for requests.
    if (now.at === 'run' && now.outcome && progress.state === 'ready') {
      this.#now = { at: 'nothing' };
      now.settle(now.outcome);
    }
    if (now.at === 'change') {
      this.#now = { at: 'nothing' };
      now.settle(changed(progress));
    }
  }

  #over(how: string): void {
    const now = this.#now;
    this.#now = { at: 'end', how };
    if (now.at === 'run' && now.outcome) now.settle(now.outcome);
    else if (now.at === 'run' || now.at === 'change') now.fail(new Error(how));
  }
}

/** What is done is told as a part of the way, and what is refused as a word that the command waits again. */
function changed(progress: ReplayProgress): ChangeOutcome {
  const { message = '' } = progress;
  return progress.state === 'ready' ? { state: 'refused', code: progress.code, message } : { state: 'done', message };
}
