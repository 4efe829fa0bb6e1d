import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ReplayContext } from './context.js';
import { bindEmitter, contextOf, runIn } from './context.js';
import { installOutbound } from './outbound.js';

/** One thing that can be virtual about a replayed request. */
export interface Part {
  /** Told in the response header `x-molar-{name}`. */
  readonly name: 'time' | 'random';
  /** Patches the process, once; `false` when that is not possible here. */
  install(): boolean;
  /** Adds what the part gives to the request's context, unless it is there already; `response` is absent for an upgrade. */
  join(context: ReplayContext, response: ServerResponse | undefined): void;
}

/** A listener of the events `request`, `checkContinue` or `upgrade` of a server. */
export type Listener<Rest extends unknown[]> = (request: IncomingMessage, ...rest: Rest) => unknown;
/** A middleware of Express, Connect and whatever else calls `next`. */
export type ExpressMiddleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;
/** A middleware of Koa. */
export type KoaMiddleware = (context: { req: IncomingMessage; res: ServerResponse }, next: () => Promise<unknown>) => Promise<unknown>;
/** As much of a Fastify server as the plugin uses. */
export interface FastifyServer {
  addHook(name: 'onRequest', hook: (request: { raw: IncomingMessage }, reply: { raw: ServerResponse }, done: () => void) => void): unknown;
}
/** A plugin of Fastify, for the whole server and not only for the scope that registers it. */
export type FastifyPlugin = (server: FastifyServer, options: unknown, done: () => void) => void;

/** A part of a replayed request, for each framework. Register it first, before anything that reads the time or draws. */
export interface Adapters {
  /** Wraps a listener of a plain `http`, `https` or `http2` server. */
  http<Rest extends unknown[]>(listener: Listener<Rest>): (request: IncomingMessage, ...rest: Rest) => unknown;
  express(): ExpressMiddleware;
  koa(): KoaMiddleware;
  fastify(): FastifyPlugin;
}

/** Puts the part into every framework. */
export function adaptersOf(part: Part): Adapters {
  return {
    http: (listener) =>
      function (this: unknown, request, ...rest) {
        return within(part, request, rest[0], () => listener.call(this, request, ...rest));
      },
    express: () => (request, response, next) => within(part, request, response, () => next()),
    koa: () => ({ req, res }, next) => within(part, req, res, next),
    fastify: () => {
      const plugin: FastifyPlugin = (server, _options, done) => {
        server.addHook('onRequest', ({ raw }, reply, go) => within(part, raw, reply.raw, go));
        done();
      };
      // Without this, Fastify keeps the hook to the plugin's own scope, where there are no routes.
      return Object.assign(plugin, { [Symbol.for('skip-override')]: true, [Symbol.for('fastify.display-name')]: `@molar/${part.name}` });
    },
  };
}

/** Runs `work` in the request's context if it is replayed, otherwise as it is. */
export function within<T>(part: Part, request: IncomingMessage, response: unknown, work: () => T): T {
  const context = contextOf(request);
  if (!context || !part.install()) return work();
  installOutbound();
  const answer = isResponse(response) ? response : undefined;
  bind(context, request);
  if (answer) bind(context, answer);
  part.join(context, answer);
  if (answer && !answer.headersSent) answer.setHeader(`x-molar-${part.name}`, 'active;v=1');
  return runIn(context, work);
}

const bound = new WeakSet<object>();

function bind(context: ReplayContext, emitter: EventEmitter): void {
  if (bound.has(emitter)) return;
  bound.add(emitter);
  bindEmitter(emitter, context);
}

/** An upgrade has a socket instead, which lives longer than the request. */
function isResponse(value: unknown): value is ServerResponse {
  return value instanceof EventEmitter && 'setHeader' in value && 'headersSent' in value;
}
