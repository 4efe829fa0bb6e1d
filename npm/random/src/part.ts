import type { Part } from '@molar/time/core';
import { installOnce } from '@molar/time/core';
import { RequestDraws } from './draws.js';
import { patchRandom } from './patches.js';

/** The randomness of a replayed request. */
export const randomPart: Part = {
  name: 'random',
  install: () => installOnce('random', patchRandom),
  join: (context) => {
    context.rng ??= new RequestDraws(context.header.run, context.requestKey);
  },
};
