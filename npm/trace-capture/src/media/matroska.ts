/**
 * JPEG frames with their times as a Matroska stream, which is what an encoder can read from a pipe without guessing a frame rate.
 * Elements and their ids are those of RFC 9559; sizes are written in eight bytes, clusters and the segment are of unknown length.
 */

const UNKNOWN_SIZE = Buffer.from([0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);

/** What precedes the first frame. */
export function streamHeader(width: number, height: number): Buffer {
  const ebml = master(0x1a45dfa3, element(0x4282, Buffer.from('matroska')), uint(0x4287, 4), uint(0x4285, 2));
  const info = master(0x1549a966, uint(0x2ad7b1, 1_000_000), element(0x4d80, Buffer.from('molar')), element(0x5741, Buffer.from('molar')));
  const video = master(0xe0, uint(0xb0, width), uint(0xba, height));
  const track = master(0xae, uint(0xd7, 1), uint(0x73c5, 1), uint(0x83, 1), element(0x86, Buffer.from('V_MJPEG')), video);
  return Buffer.concat([ebml, id(0x18538067), UNKNOWN_SIZE, info, master(0x1654ae6b, track)]);
}

/** What precedes the bytes of one frame: a cluster of its own, at milliseconds since the beginning. */
export function frameHeader(atMs: number, nBytes: number): Buffer {
  // Track 1, no time of its own, a keyframe.
  const block = Buffer.from([0x81, 0, 0, 0x80]);
  return Buffer.concat([id(0x1f43b675), UNKNOWN_SIZE, uint(0xe7, atMs), id(0xa3), size(block.length + nBytes), block]);
}

function master(elementId: number, ...children: readonly Buffer[]): Buffer {
  return element(elementId, Buffer.concat(children));
}

function uint(elementId: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return element(elementId, bytes);
}

function element(elementId: number, content: Buffer): Buffer {
  return Buffer.concat([id(elementId), size(content.length), content]);
}

/** An id carries its own length in its first byte, so its bytes are written as they are. */
function id(elementId: number): Buffer {
  const text = elementId.toString(16);
  return Buffer.from(text.length % 2 === 0 ? text : `0${text}`, 'hex');
}

function size(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  bytes[0] = 0x01;
  return bytes;
}
