import type { IncomingMessage } from 'node:http';
import { Server } from 'node:net';
import type { Part } from './adapters.js';
import { within } from './adapters.js';
import { installOnce } from './context.js';
import { SECRET_VARIABLE } from './header.js';

const REQUESTS = new Set<unknown>(['request', 'checkContinue', 'checkExpectation', 'upgrade']);

/**
 * Puts the part into every server of the process, without a middleware, and patches at once, so that code is covered that
 * keeps `Date` or `randomUUID` when it is loaded. Does nothing without the secret.
 */
export function preload(part: Part): void {
  if (!process.env[SECRET_VARIABLE] || !part.install()) return;
  installOnce(`servers of ${part.name}`, () => patchServers(part));
}

/** `http`, `https` and `http2` servers all emit through `net.Server`. */
function patchServers(part: Part): void {
  const emit = Server.prototype.emit as (this: Server, event: string | symbol, ...args: unknown[]) => boolean;
  const emitWithin = function (this: Server, event: string | symbol, ...args: unknown[]): boolean {
    const request = args[0] as IncomingMessage | undefined;
    if (!REQUESTS.has(event) || !request?.headers) return emit.call(this, event, ...args);
    return within(part, request, args[1], () => emit.call(this, event, ...args));
  };
  Object.defineProperty(Server.prototype, 'emit', { value: emitWithin, writable: true, enumerable: true, configurable: true });
}
