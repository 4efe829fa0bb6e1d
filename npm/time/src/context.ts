import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { performance } from 'node:perf_hooks';
import type { ReplayHeader } from './header.js';
import { REPLAY_HEADER, SECRET_VARIABLE, verifyReplayHeader } from './header.js';

/** Source of a replayed request's random bytes, one independent stream per kind of call. */
export interface Draws {
  /** `size` bytes for a kind of call that asks for as many as it likes; a longer draw does not shift the next one. */
  bytes(kind: string, size: number): Buffer;
  /** `size` bytes, few and always equally many for one kind of call: cheaper. */
  small(kind: string, size: number): Buffer;
}

/** A replayed request's clock. */
export interface Clock {
  /** Whole milliseconds since 1970. */
  now(): number;
  /**
   * What `performance.now` gives. It goes on from the process's real value, because caches and pools compare values of
   * several requests; only differences within a request are repeatable.
   */
  monotonic(): number;
  /** What `performance.timeOrigin` gives: added to {@link monotonic}, it is the clock's time. */
  readonly origin: number;
}

/** What is virtual about the request that is being served. */
export interface ReplayContext {
  readonly header: ReplayHeader;
  /** What tells this request from the run's others: number, method and path. */
  readonly requestKey: string;
  /** The request's clock; absent without `@molar/time`. */
  clock?: Clock;
  /** The request's randomness; absent without `@molar/random`. */
  rng?: Draws;
  /** How often this request has called a method and path of another service. */
  readonly calls: Map<string, number>;
}

/** State of the process, shared by all copies of this package in it: two would not see each other's requests. */
interface Shared {
  readonly storage: AsyncLocalStorage<ReplayContext>;
  /** Decided once per request, however many middlewares ask; `undefined` for one that is not replayed. */
  readonly requests: WeakMap<object, ReplayContext | undefined>;
  /** The real `performance.now`, taken by the first copy: what a later one finds may be patched. */
  readonly monotonic: () => number;
  /** What has been patched in this process, by name; `false` for what could not be. */
  readonly installed: Map<string, boolean>;
}

const KEY = Symbol.for('molar.replay.v1');
const shared: Shared = ((globalThis as { [KEY]?: Shared })[KEY] ??= {
  storage: new AsyncLocalStorage(),
  requests: new WeakMap(),
  monotonic: performance.now.bind(performance),
  installed: new Map(),
});

/** Milliseconds since the process began, whatever is patched. */
export const realMonotonic: () => number = shared.monotonic;

/** The replayed request that the running code belongs to, if any. */
export function current(): ReplayContext | undefined {
  return shared.storage.getStore();
}

/** Runs `work`, and whatever it starts, as part of the request. */
export function runIn<T>(context: ReplayContext, work: () => T): T {
  return current() === context ? work() : shared.storage.run(context, work);
}

/** The context of a request whose header is signed with the secret of {@link SECRET_VARIABLE}; of every other `undefined`. */
export function contextOf(request: IncomingMessage): ReplayContext | undefined {
  const text = request.headers[REPLAY_HEADER];
  if (text === undefined) return undefined;
  if (shared.requests.has(request)) return shared.requests.get(request);
  const header = verifyReplayHeader(text, process.env[SECRET_VARIABLE]);
  const context = header && { header, requestKey: keyOf(header, request), calls: new Map<string, number>() };
  shared.requests.set(request, context);
  return context;
}

/** Makes every listener of the emitter part of the request. Streams emit from the socket's callbacks, which belong to none. */
export function bindEmitter(emitter: EventEmitter, context: ReplayContext): void {
  const emit = emitter.emit;
  emitter.emit = function (this: EventEmitter, ...args: Parameters<EventEmitter['emit']>): boolean {
    return runIn(context, () => emit.apply(this, args));
  };
}

/** Runs `install` unless it ran in this process, and says whether it went well; a failure is told and never the server's. */
export function installOnce(name: string, install: () => void): boolean {
  const known = shared.installed.get(name);
  if (known !== undefined) return known;
  shared.installed.set(name, installed(name, install));
  return shared.installed.get(name) === true;
}

function installed(name: string, install: () => void): boolean {
  try {
    install();
    // ES modules that import a function of Node by its name have copies of their own.
    syncBuiltinESMExports();
    return true;
  } catch (error) {
    process.emitWarning(`replayed requests go on without ${name}: ${String(error)}`, { code: 'MOLAR_REPLAY' });
    return false;
  }
}

/** One header reaches several services; without method and path they would mint the same ids. */
function keyOf(header: ReplayHeader, request: IncomingMessage): string {
  const [path = '/'] = (request.url ?? '/').split('?');
  return `${header.seq} ${request.method ?? 'GET'} ${path}`;
}
