// What `@molar/random` shares with this package. Importing it patches nothing.
export { adaptersOf } from './adapters.js';
export type { Adapters, ExpressMiddleware, FastifyPlugin, FastifyServer, KoaMiddleware, Listener, Part } from './adapters.js';
export { current, installOnce } from './context.js';
export type { Clock, Draws, ReplayContext } from './context.js';
export { REPLAY_HEADER, SECRET_VARIABLE, signReplayHeader, verifyReplayHeader } from './header.js';
export type { ClockMode, ReplayHeader } from './header.js';
export { preload } from './servers.js';
