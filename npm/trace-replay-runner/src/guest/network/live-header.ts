import { REPLAY_HEADER, SECRET_VARIABLE, signReplayHeader } from '@molar/time/core';
import type { Replay } from '../replay.js';
import type { HeaderEntry } from './fulfil.js';

/** Requests that the record does not have are numbered behind all that it has. */
const UNKNOWN = 1_000_000_000;

/** The header by which a replayed request asks its server for the recorded clock. Without a secret there is none. */
export class LiveHeader {
  readonly #replay: Replay;
  readonly #secret: string;
  #unknown = UNKNOWN;

  private constructor(replay: Replay, secret: string) {
    this.#replay = replay;
    this.#secret = secret;
  }

  static of(replay: Replay): LiveHeader | undefined {
    const secret = process.env[SECRET_VARIABLE];
    return secret === undefined || secret === '' ? undefined : new LiveHeader(replay, secret);
  }

  /** The header of one request. A repeat of a recorded one has its number, so that every replay of it draws the same. */
  ask({ method, url, headers }: { readonly method: string; readonly url: string; readonly headers: Readonly<Record<string, string>> }, body: Buffer | undefined): HeaderEntry | undefined {
    const t = this.#replay.wallNow();
    if (t === undefined) return undefined;
    const found = this.#replay.find({ method, url, headers: Object.entries(headers), client: 'browser', ...(body ? { body } : {}) });
    // Beyond what was recorded each request has a number of its own, or two of them would draw the same ids.
    const seq = found.hit?.used === 'next' ? found.hit.seq : (this.#unknown += 1);
    return { name: REPLAY_HEADER, value: signReplayHeader({ run: this.#replay.plan.trace_id, t, mode: 'shift', seq }, this.#secret) };
  }
}
