import { createHmac, timingSafeEqual } from 'node:crypto';

/** Name of the request header that asks a server for a replayed request's clock and randomness. */
export const REPLAY_HEADER = 'x-molar-replay';

/** Name of the environment variable with the secret that headers are signed with. */
export const SECRET_VARIABLE = 'MOLAR_REPLAY_SECRET';

/** `fixed`: the clock stands at `t`. `shift`: it starts at `t` and runs on as the real one does. */
export type ClockMode = 'fixed' | 'shift';

/** What a replayed request's header says. */
export interface ReplayHeader {
  /** Seed of everything random in the request: the recorded run's id, the same in every replay of it. */
  run: string;
  /** Milliseconds since 1970 at which the request's clock starts. */
  t: number;
  mode: ClockMode;
  /** Number of the request within the run; a call made by a request has its caller's and its own, as in `7.1`. */
  seq: string;
}

/** Longer ones are not read: everything in a header is bounded, so a longer one was not made by {@link signReplayHeader}. */
const LONGEST_HEADER = 512;
const LONGEST_RUN = 200;
/** What a `Date` can hold. */
const LAST_MS = 8.64e15;
/** A chain of services deeper than this is a loop. */
const SEQ = /^\d{1,10}(?:\.\d{1,10}){0,16}$/;
const HEADER = /^(v1;run=([\w.~!*'()%-]+);t=(-?\d{1,16});mode=(fixed|shift);seq=([\d.]+));sig=([0-9a-f]{64})$/;

/**
 * The value of {@link REPLAY_HEADER} for one request, signed with HMAC-SHA256.
 * Throws a `TypeError` when a part is out of its range, since a server would ignore such a header in silence.
 */
export function signReplayHeader(header: { run: string; t: number; mode: ClockMode; seq: string | number }, secret: string): string {
  if (secret === '') throw new TypeError(`the secret is empty; set \`${SECRET_VARIABLE}\``);
  const run = encodeURIComponent(header.run);
  const t = Math.trunc(header.t);
  const seq = String(header.seq);
  if (run === '' || run.length > LONGEST_RUN) throw new TypeError(`\`run\` must have 1 to ${LONGEST_RUN} characters, got \`${header.run}\``);
  if (!isTime(t)) throw new TypeError(`\`t\` must be milliseconds since 1970, got \`${header.t}\``);
  if (!SEQ.test(seq)) throw new TypeError(`\`seq\` must be a number or numbers with dots, got \`${seq}\``);
  if (header.mode !== 'fixed' && header.mode !== 'shift') throw new TypeError(`\`mode\` must be \`fixed\` or \`shift\`, got \`${String(header.mode)}\``);
  const signed = `v1;run=${run};t=${t};mode=${header.mode};seq=${seq}`;
  return `${signed};sig=${hmac(signed, secret).toString('hex')}`;
}

/** What a header says if it was signed with the secret; forged, broken and oversized ones count as none. */
export function verifyReplayHeader(text: unknown, secret: string | undefined): ReplayHeader | undefined {
  if (!secret || typeof text !== 'string' || text.length > LONGEST_HEADER) return undefined;
  const [, signed = '', encoded = '', t = '', mode, seq = '', sig = ''] = HEADER.exec(text) ?? [];
  if (signed === '' || !timingSafeEqual(Buffer.from(sig, 'hex'), hmac(signed, secret))) return undefined;
  const run = decoded(encoded);
  const valid = run !== undefined && encoded.length <= LONGEST_RUN && isTime(Number(t)) && SEQ.test(seq);
  return valid ? { run, t: Number(t), mode: mode === 'fixed' ? 'fixed' : 'shift', seq } : undefined;
}

function hmac(text: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}

function isTime(ms: number): boolean {
  return Number.isInteger(ms) && Math.abs(ms) <= LAST_MS;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
