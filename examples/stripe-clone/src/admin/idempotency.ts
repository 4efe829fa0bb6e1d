import { sha256 } from '../canonical-json.js';
import type { Answer } from '../http/exchange.js';
import { problem } from '../http/problem.js';

const KEPT_MS = 24 * 3_600_000;
const MAX_KEY_LENGTH = 255;
const MAX_KEPT_BYTES = 64 * 1024 * 1024;

interface Kept { fingerprint: string; answer: Answer; at_ms: number }

/**
 * Answers of admin POSTs by key. They outlive restores, or a repeated restore would step the epoch twice; so they
 * belong to the process and not to the world.
 */
export class AdminIdempotency {
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  /** Does the deed once per key. A failed deed is not kept: it changed nothing and may be tried again. */
  async once(scope: string, key: string | undefined, path: string, body: Buffer, now_ms: number, deed: () => Promise<Answer>): Promise<Answer> {
    if (key === undefined) return deed();
    if (key.length === 0 || key.length > MAX_KEY_LENGTH) throw problem('bad_request', '`Idempotency-Key` must have 1 to 255 characters');
    const name = `${scope}|${key}`;
    const fingerprint = `${path}|${sha256(body)}`;
    const kept = this.#kept.get(name);
    if (kept && now_ms - kept.at_ms < KEPT_MS) {
      if (kept.fingerprint !== fingerprint) throw problem('idempotency_key_reuse', `\`${key}\` was used for another request`);
      return { ...kept.answer, headers: { ...kept.answer.headers, 'idempotent-replayed': 'true' } };
    }
    const answer = await deed();
    this.#keep(name, { fingerprint, answer, at_ms: now_ms });
    return answer;
  }

  #keep(name: string, kept: Kept): void {
    this.#kept.set(name, kept);
    this.#bytes += kept.answer.body.length;
    for (const [oldest, { answer }] of this.#kept) {
      if (this.#bytes <= MAX_KEPT_BYTES) break;
      this.#kept.delete(oldest);
      this.#bytes -= answer.body.length;
    }
  }
}
