import type { Adapters } from '@molar/time/core';
import { adaptersOf } from '@molar/time/core';
import { randomPart } from './part.js';

/** The randomness of replayed requests, as a middleware. Without a request that was signed with the secret, nothing is patched. */
export const random: Adapters = adaptersOf(randomPart);

export { REPLAY_HEADER, current, signReplayHeader, verifyReplayHeader } from '@molar/time/core';
export type { Adapters, ClockMode, Draws, ExpressMiddleware, FastifyPlugin, FastifyServer, KoaMiddleware, Listener, ReplayContext, ReplayHeader } from '@molar/time/core';
