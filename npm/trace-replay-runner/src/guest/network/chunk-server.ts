import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Replay } from '../replay.js';
import type { Answer, OriginClass } from '../source.js';
import { headersOf } from './fulfil.js';

type Response = Extract<Answer, { kind: 'response' }>;

interface Offer {
  readonly answer: Response;
  readonly body: Buffer;
  readonly originClass: OriginClass;
}

/** Longest a piece of a body is held back that came after its step in the record: the step may wait for the whole of it. */
const BODY_PATIENCE_MS = 2_000;

/** One piece of a recorded stream, and when it came. */
export interface Piece {
  readonly at_ms: number;
  readonly data: Buffer;
}

/**
 * Gives recorded streams piece by piece, each when it came in the record: the browser's own way to answer a request only knows whole
 * bodies. The page goes on seeing the address that it asked.
 */
export class ChunkServer {
  readonly #replay: Replay;
  readonly #offers = new Map<string, Offer>();
  #server: Promise<Server> | undefined;
  #count = 0;

  constructor(replay: Replay) {
    this.#replay = replay;
  }

  /** The address at which a stream is got, once. */
  async offer(answer: Response, body: Buffer, originClass: OriginClass): Promise<string> {
    this.#server ??= this.#listen();
    const server = await this.#server;
    const path = `/${(this.#count += 1)}`;
    this.#offers.set(path, { answer, body, originClass });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  }

  async close(): Promise<void> {
    const server = await this.#server;
    server?.closeAllConnections();
    server?.close();
  }

  async #listen(): Promise<Server> {
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      const offer = this.#offers.get(path);
      this.#offers.delete(path);
      if (!offer) return void response.writeHead(404).end();
      void this.#give(offer, response);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    server.unref();
    return server;
  }

  async #give({ answer, body, originClass }: Offer, response: ServerResponse): Promise<void> {
    const headers = headersOf(answer).flatMap(({ name, value }) => [name, value]);
    response.writeHead(answer.status, answer.status_text ?? '', headers);
    response.flushHeaders();
    const isEvents = answer.headers.some(([name, value]) => name.toLowerCase() === 'content-type' && value.includes('text/event-stream'));
    let isOver = false;
    response.once('close', () => (isOver = true));
    // The running server takes the stream over: an `EventSource` asks again at once.
    if (isEvents && originClass === 'app' && this.#replay.goesLive) {
      this.#replay.onSwitch(() => {
        if (!isOver) response.end('retry: 10\n\n');
        isOver = true;
      });
    }
    for (const { at_ms, data } of pieces(answer.chunks ?? [], body, isEvents)) {
      // A page that is put back has had what came before its step.
      const hasCome = this.#replay.restoring && at_ms < this.#replay.plan.step.ts_ms;
      if (!hasCome) await this.#replay.pace.reaches(at_ms, isEvents ? Infinity : BODY_PATIENCE_MS);
      if (isOver) return;
      response.write(data);
    }
    // A stream that its server did not end stays open; an ended `EventSource` would ask for more than was recorded.
    const endedItself = isEvents ? answer.open === false : answer.open !== true;
    if (!isOver && endedItself) response.end();
  }
}

/**
 * A body in the pieces in which it came. Where its length is not what was counted, because a secret in it is longer than what
 * stands for it, events are kept whole, and the last piece has what is left.
 */
export function pieces(chunks: readonly (readonly [number, number])[], body: Buffer, isEvents: boolean): Piece[] {
  const counted = chunks.reduce((sum, [, bytes]) => sum + bytes, 0);
  const found: Piece[] = [];
  let from = 0;
  let upTo = 0;
  chunks.forEach(([at_ms, bytes], index) => {
    upTo += bytes;
    let end = index === chunks.length - 1 ? body.length : Math.min(upTo, body.length);
    if (isEvents && counted !== body.length && index < chunks.length - 1) {
      const gap = body.indexOf('\n\n', Math.max(0, Math.min(from, end)));
      end = gap === -1 ? body.length : gap + 2;
    }
    if (end > from) found.push({ at_ms, data: body.subarray(from, end) });
    from = Math.max(from, end);
  });
  return found;
}
