import type { Adapters } from './adapters.js';
import { adaptersOf } from './adapters.js';
import { timePart } from './part.js';

/** The clock of replayed requests, as a middleware. Without a request that was signed with the secret, nothing is patched. */
export const time: Adapters = adaptersOf(timePart);

export type { Adapters, ExpressMiddleware, FastifyPlugin, FastifyServer, KoaMiddleware, Listener } from './adapters.js';
export { current } from './context.js';
export type { Clock, Draws, ReplayContext } from './context.js';
export { REPLAY_HEADER, signReplayHeader, verifyReplayHeader } from './header.js';
export type { ClockMode, ReplayHeader } from './header.js';
