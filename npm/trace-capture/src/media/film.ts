import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { guarded } from '../problems.js';
import { atMost } from '../wait.js';
import { frameHeader, streamHeader } from './matroska.js';
import type { Frame } from './screencast.js';

/** Frames that may wait for a slow encoder; beyond that frames are left out, and the film is only less smooth. */
const MAX_WAITING_BYTES = 8 << 20;
/**
 * Playwright's own settings (crf 8) keep what nobody looks for in a film: its pictures in full quality are the screenshots. These give a third of
 * the bytes (measured: 48 of 158 KB and 46 of 149 KB) for a tenth more of the encoder's time, and small print and hairlines stay to be seen.
 * The lower bound of the quantizer does most of it, since a page that rests is otherwise refined for ever. Above 1 Mbit/s quality gives way.
 */
const ENCODER = [
  ...['-loglevel', 'error', '-f', 'matroska', '-fpsprobesize', '0', '-probesize', '32', '-analyzeduration', '0', '-i', 'pipe:0', '-y', '-an'],
  ...['-c:v', 'libvpx-vp9', '-qmin', '40', '-qmax', '63', '-crf', '40', '-b:v', '1M', '-aq-mode', '0', '-tune-content', 'screen'],
  ...['-deadline', 'realtime', '-cpu-used', '7', '-lag-in-frames', '0', '-threads', '1'],
];

/** The film of one page: frames of its screencast, encoded by Playwright's ffmpeg while the test runs. */
export class Film {
  readonly #encoder: ChildProcess;
  readonly #ended: Promise<boolean>;
  readonly #startedMs: number;
  #last: Frame;

  private constructor(ffmpeg: string, file: string, first: Frame) {
    // The encoder wants even sides, and ends where an odd one is padded to less than itself; a page that is resized is padded or cut, as Playwright does it.
    const size = sizeOf(first);
    const [width, height] = [even(size.width), even(size.height)];
    const shape = ['-vf', `pad=max(ceil(iw/2)*2\\,${width}):max(ceil(ih/2)*2\\,${height}):0:0:gray,crop=${width}:${height}:0:0`];
    this.#encoder = spawn(ffmpeg, [...ENCODER, ...shape, file], { stdio: ['pipe', 'ignore', 'ignore'], windowsHide: true });
    this.#ended = new Promise((resolve) => {
      this.#encoder.once('close', (code) => resolve(code === 0));
      this.#encoder.once('error', () => resolve(false));
    });
    // An encoder that died is told by its end; writing to it must not throw into the test.
    this.#encoder.stdin?.on('error', () => undefined);
    this.#startedMs = first.atMs;
    this.#last = first;
    this.#encoder.stdin?.write(streamHeader(size.width, size.height));
    this.#write(first, 0);
  }

  static begin(ffmpeg: string, file: string, first: Frame): Film | undefined {
    return guarded('the video encoder', () => new Film(ffmpeg, file, first));
  }

  add(frame: Frame): void {
    if (frame.atMs <= this.#last.atMs || frame.data.equals(this.#last.data)) return;
    this.#last = frame;
    this.#write(frame, frame.atMs - this.#startedMs);
  }

  /** Ends the film at a moment of the wall clock; whether the encoder finished it in time. */
  async end(atMs: number, bound_ms: number): Promise<boolean> {
    // A film ends with its last frame, so that is shown once more.
    this.#write(this.#last, Math.max(atMs, this.#last.atMs + 1) - this.#startedMs);
    this.#encoder.stdin?.end();
    const finished = await atMost(bound_ms, this.#ended);
    if (finished === undefined) this.#encoder.kill('SIGKILL');
    return finished === true;
  }

  #write(frame: Frame, atMs: number): void {
    const pipe = this.#encoder.stdin;
    if (!pipe?.writable || pipe.writableLength > MAX_WAITING_BYTES) return;
    pipe.write(frameHeader(Math.max(0, Math.round(atMs)), frame.data.length));
    pipe.write(frame.data);
  }
}

/** Width and height of a frame's picture. */
export function sizeOf(frame: Frame): { width: number; height: number } {
  return jpegSize(frame.data) ?? { width: frame.width, height: frame.height };
}

function even(side: number): number {
  return Math.max(2, Math.ceil(side / 2) * 2);
}

/** Width and height from a JPEG's frame header. */
function jpegSize(data: Buffer): { width: number; height: number } | undefined {
  for (let at = 2; at + 9 < data.length && data[at] === 0xff; at += 2 + data.readUInt16BE(at + 2)) {
    const marker = data[at + 1] ?? 0;
    // Start of frame, in any of its kinds; C4, C8 and CC mean other things.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { height: data.readUInt16BE(at + 5), width: data.readUInt16BE(at + 7) };
    }
  }
  return undefined;
}
