import { createHash } from 'node:crypto';

/** Bytes that differ everywhere and compress well enough for a test: each block of 64 begins with its number and the seed. */
export function bytes(size: number, seed = 1): Buffer {
  const data = Buffer.alloc(size, seed & 0xff);
  for (let at = 0; at + 8 <= size; at += 64) {
    data.writeUInt32LE(at, at);
    data.writeUInt32LE(seed, at + 4);
  }
  return data;
}

export function digest(data: Buffer): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}
