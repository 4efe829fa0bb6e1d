import { createCipheriv, createHash, hkdfSync } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const BLOCK_BYTES = 64;

/** The random stream of a run, as a snapshot carries it. */
export interface RngState {
  alg: 'hkdf-sha256-chacha20';
  /** sha256 of the key, so that two snapshots can be compared without showing it. */
  key_ref: string;
  /** The key in base64: a restore must continue the same stream, so a snapshot is as secret as its webhook secrets. */
  key: string;
  /** Ids drawn so far; each draw uses one block of the stream. */
  counter: number;
}

/** rng := HKDF-SHA256(seed, info = kind|run). Equal inputs give byte-equal ids. */
export function rngFromSeed(seed: string, kind: string, run: string): RngState {
  const key = Buffer.from(hkdfSync('sha256', seed, '', `${kind}|${run}`, 32));
  return {
    alg: 'hkdf-sha256-chacha20',
    key_ref: `sha256:${createHash('sha256').update(key).digest('hex')}`,
    key: key.toString('base64'),
    counter: 0,
  };
}

/** Draws the next id, e.g. `cus_NffrFeUfNV2Hib`, and advances the counter by one. */
export function nextId(rng: RngState, prefix: string, length = 24): string {
  const block = chachaBlock(Buffer.from(rng.key, 'base64'), rng.counter);
  rng.counter += 1;
  return `${prefix}_${letters(block, length)}`;
}

/**
 * A value that depends on the key and a label but not on the counter. Webhook endpoints use it: an application that
 * registers its endpoint again after a restart must not shift the ids of everything created later.
 */
export function derivedId(rng: RngState, prefix: string, label: string, length = 24): string {
  const bytes = Buffer.from(hkdfSync('sha256', Buffer.from(rng.key, 'base64'), '', label, BLOCK_BYTES));
  return `${prefix}_${letters(bytes, length)}`;
}

/** A number in [0, 1) out of a named stream that leaves the ids alone; chaos rules draw from it. */
export function derivedFraction(rng: RngState, label: string): number {
  const bytes = Buffer.from(hkdfSync('sha256', Buffer.from(rng.key, 'base64'), '', label, 4));
  return bytes.readUInt32BE(0) / 2 ** 32;
}

function chachaBlock(key: Buffer, counter: number): Buffer {
  // Node's 16-byte ChaCha20 iv is the 32-bit little-endian block counter followed by the nonce.
  const iv = Buffer.alloc(16);
  iv.writeUInt32LE(counter, 0);
  return createCipheriv('chacha20', key, iv).update(Buffer.alloc(BLOCK_BYTES));
}

function letters(bytes: Buffer, length: number): string {
  // 62 does not divide 256; the bias is irrelevant because these ids must be repeatable, not unpredictable.
  let text = '';
  for (let i = 0; i < length; i += 1) text += ALPHABET[(bytes[i % bytes.length] ?? 0) % ALPHABET.length] ?? '';
  return text;
}
