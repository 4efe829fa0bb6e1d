import { REPLAY_HEADER, SECRET_VARIABLE, signReplayHeader } from '@molar/time/core';
import type { Replay } from '../replay.js';
import type { Found } from '../source.js';
import type { HeaderEntry } from './fulfil.js';

/** What an application's answer has whose clock is the recorded one. */
export const TAKEN = 'x-molar-time';
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
  ask(found: Found): HeaderEntry | undefined {
    // Beyond what was recorded each request has a number of its own, or two of them would draw the same ids.
    const seq = found.hit?.used === 'next' ? found.hit.seq : (this.#unknown += 1);
    const header = this.at(seq, this.#replay.pace.now());
    if (header) this.#replay.findings.clock.asked += 1;
    return header;
  }

  /** The header of the request of that number at a moment of the record's axis. */
  at(seq: number, axis_ms: number): HeaderEntry | undefined {
    const t = this.#replay.wallAt(axis_ms);
    return t === undefined ? undefined : { name: REPLAY_HEADER, value: signReplayHeader({ run: this.#replay.plan.trace_id, t, mode: 'shift', seq }, this.#secret) };
  }
}
