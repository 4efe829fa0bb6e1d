import type { ContentField } from '../native.js';
import type { Session } from '../session.js';
import type { Payload } from '../values.js';
import type { Current } from './hub.js';
import type { RawFrame } from './types.js';

interface SocketEvent {
  readonly requestId: string;
  readonly url?: string;
  readonly timestamp?: number;
  readonly response?: RawFrame & { readonly status?: number };
  readonly errorMessage?: string;
}

const BINARY = 2;
const numbers = new WeakMap<object, number>();

/** Numbers sockets in order of appearance in the trace, whichever target opened them. */
function nextId(session: object | undefined): string {
  if (!session) return 'ws0';
  const number = (numbers.get(session) ?? 0) + 1;
  numbers.set(session, number);
  return `ws${number}`;
}

/** WebSockets of one target: opening, every frame, closing. */
export class Sockets {
  readonly #current: Current;
  readonly #epoch: (timestamp: number) => number;
  readonly #where: (session: Session) => Payload;
  readonly #sockets = new Map<string, { readonly id: string; readonly url: string }>();

  constructor(current: Current, epoch: (timestamp: number) => number, where: (session: Session) => Payload) {
    this.#current = current;
    this.#epoch = epoch;
    this.#where = where;
  }

  event(method: string, params: unknown): void {
    const event = params as SocketEvent;
    switch (method) {
      case 'Network.webSocketCreated':
        this.#sockets.set(event.requestId, { id: nextId(this.#current()), url: event.url ?? '' });
        return;
      case 'Network.webSocketHandshakeResponseReceived':
        return this.#write(event, 'open', { ...(event.response?.status === undefined ? {} : { status: event.response.status }) });
      case 'Network.webSocketFrameSent':
        return this.#write(event, 'sent');
      case 'Network.webSocketFrameReceived':
        return this.#write(event, 'received');
      case 'Network.webSocketFrameError':
        return this.#write(event, 'error', { reason: event.errorMessage ?? 'error' });
      case 'Network.webSocketClosed':
        this.#write(event, 'close');
        this.#sockets.delete(event.requestId);
    }
  }

  #write(event: SocketEvent, direction: string, extra: Payload = {}): void {
    const session = this.#current();
    const socket = this.#sockets.get(event.requestId);
    if (!session || !socket) return;
    const { response: frame } = event;
    const place = event.timestamp === undefined ? {} : { ts: session.recorder.tsOf(this.#epoch(event.timestamp)) };
    const isFrame = frame !== undefined && (direction === 'sent' || direction === 'received');
    const payload = { request_id: socket.id, url: socket.url, direction, ...this.#where(session), ...(isFrame ? { opcode: frame.opcode } : {}), ...extra };
    if (!isFrame) return session.append('network.ws', payload, place);
    const binary = frame.opcode === BINARY;
    const content: ContentField = binary
      ? { field: 'data', data: Buffer.from(frame.payloadData, 'base64'), mediaType: 'application/octet-stream' }
      : { field: 'data', data: frame.payloadData, mediaType: 'text/plain; charset=utf-8' };
    session.appendContent('network.ws', payload, [content], place);
  }
}
