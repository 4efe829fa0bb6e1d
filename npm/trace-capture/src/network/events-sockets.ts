import type { Page, WebSocket } from '@playwright/test';
import { guidOf } from '../identities.js';
import { guarded } from '../problems.js';
import type { Session } from '../session.js';
import type { Payload } from '../values.js';

const numbers = new WeakMap<Session, number>();

/** A socket as Playwright tells it: of pages and their dedicated workers only, and without empty frames. */
export function followSockets(socket: WebSocket, page: Page, session: Session, current: () => Session | undefined): void {
  const number = (numbers.get(session) ?? 0) + 1;
  numbers.set(session, number);
  const base = { request_id: `ews${number}`, url: socket.url(), page: session.pages.page(guidOf(page)) };
  const write = (direction: string, extra: Payload = {}): void => current()?.append('network.ws', { ...base, direction, ...extra });
  const frame = (direction: string, payload: string | Buffer): void => {
    const text = typeof payload === 'string';
    const content = { field: 'data', data: payload, mediaType: text ? 'text/plain; charset=utf-8' : 'application/octet-stream' };
    current()?.appendContent('network.ws', { ...base, direction, opcode: text ? 1 : 2 }, [content]);
  };
  write('open');
  socket.on('framesent', ({ payload }) => guarded('a frame', () => frame('sent', payload)));
  socket.on('framereceived', ({ payload }) => guarded('a frame', () => frame('received', payload)));
  socket.on('socketerror', (error) => guarded('a socket', () => write('error', { reason: error })));
  socket.on('close', () => guarded('a socket', () => write('close')));
}
