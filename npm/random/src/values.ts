import type { UUID } from 'node:crypto';

const TWO_48 = 2 ** 48;

/** A number from 0 up to 1 with all 53 bits of a double, of 8 bytes. */
export function fractionOf(bytes: Buffer): number {
  return ((bytes.readUInt32LE(0) >>> 5) * 2 ** 26 + (bytes.readUInt32LE(4) >>> 6)) / 2 ** 53;
}

/** A version 4 UUID (RFC 9562) of 16 bytes. */
export function uuidOf(bytes: Buffer): UUID {
  const hex = Buffer.from(bytes);
  hex[6] = (hex.readUInt8(6) & 0x0f) | 0x40;
  hex[8] = (hex.readUInt8(8) & 0x3f) | 0x80;
  const text = hex.toString('hex');
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
}

/** A whole number from 0 up to `range`, at most 2^48 - 1, each equally likely: what lies above the last multiple is drawn again. */
export function integerBelow(range: number, sixBytes: () => Buffer): number {
  const limit = TWO_48 - (TWO_48 % range);
  for (;;) {
    const value = sixBytes().readUIntLE(0, 6);
    if (value < limit) return value % range;
  }
}
