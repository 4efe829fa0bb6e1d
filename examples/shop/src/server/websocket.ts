import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

// RFC 6455, section 1.3.
const HANDSHAKE_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
const MAX_FRAME_BYTES = 4096;

/** The server's side of a socket that only tells; of what the browser sends, pings and closes matter. */
export class TellingSocket {
  readonly #stream: Duplex;
  #pending: Buffer = Buffer.alloc(0);

  constructor(stream: Duplex, onClose: () => void) {
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('close', onClose);
    // A browser that vanishes resets the connection; `close` follows and does the cleaning.
    stream.on('error', () => stream.destroy());
  }

  /** Sends one text message. */
  tell(message: unknown): void {
    this.#send(TEXT, Buffer.from(JSON.stringify(message)));
  }

  /** Says goodbye and closes. */
  close(): void {
    this.#send(CLOSE, Buffer.from([0x03, 0xe9]));
    this.#stream.end();
  }

  #send(opcode: number, payload: Buffer): void {
    if (!this.#stream.writable) return;
    const head = payload.length < 126 ? Buffer.from([0x80 | opcode, payload.length]) : Buffer.from([0x80 | opcode, 126, payload.length >> 8, payload.length & 0xff]);
    this.#stream.write(Buffer.concat([head, payload]));
  }

  #receive(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (let frame = parseFrame(this.#pending); frame !== 'more'; frame = parseFrame(this.#pending)) {
      if (frame === 'broken') {
        this.#stream.destroy();
        return;
      }
      this.#pending = this.#pending.subarray(frame.bytes);
      if (frame.opcode === PING) this.#send(PONG, frame.payload);
      if (frame.opcode === CLOSE) this.close();
    }
  }
}

type Frame = { opcode: number; payload: Buffer; bytes: number };

/** Reads one frame from the head of a buffer; browsers mask theirs and have nothing long to say here. */
export function parseFrame(data: Buffer): Frame | 'more' | 'broken' {
  if (data.length < 2) return 'more';
  const [first = 0, second = 0] = data;
  if ((second & 0x80) === 0) return 'broken';
  const short = second & 0x7f;
  const maskAt = short < 126 ? 2 : 4;
  if (short === 127) return 'broken';
  if (data.length < maskAt + 4) return 'more';
  const length = short < 126 ? short : data.readUInt16BE(2);
  if (length > MAX_FRAME_BYTES) return 'broken';
  const bytes = maskAt + 4 + length;
  if (data.length < bytes) return 'more';
  const mask = data.subarray(maskAt, maskAt + 4);
  const payload = Buffer.from(data.subarray(maskAt + 4, bytes).map((byte, i) => byte ^ (mask[i % 4] ?? 0)));
  return { opcode: first & 0x0f, payload, bytes };
}

/** Answers an upgrade request; anything that is no WebSocket handshake gets 400. */
export function accept(request: IncomingMessage, stream: Duplex, onClose: () => void): TellingSocket | undefined {
  const key = request.headers['sec-websocket-key'];
  if (request.headers.upgrade?.toLowerCase() !== 'websocket' || typeof key !== 'string') {
    stream.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    return undefined;
  }
  const token = createHash('sha1').update(key + HANDSHAKE_GUID).digest('base64');
  stream.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${token}\r\n\r\n`);
  return new TellingSocket(stream, onClose);
}
