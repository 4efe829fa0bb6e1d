import { nowMs } from '../clock.js';
import type { Answer } from '../http/exchange.js';
import { json } from '../http/exchange.js';
import { problem } from '../http/problem.js';
import { nextId } from '../ids.js';
import type { Run } from '../state/runs.js';
import { seedDigestOf } from '../state/runs.js';
import { plant, wantedData } from '../state/seed.js';
import type { World } from '../state/world.js';
import { emptyWorld, nowSeconds } from '../state/world.js';
import type { AdminCall } from './call.js';

const MAX_SEED_LENGTH = 256;

/** POST `/_clone/seed`. The next world is built aside and swapped in, so a conflict changes nothing. */
export function seedRun(call: AdminCall, run: Run): Answer {
  const { seed, scenario, data, mode = 'reset' } = call.body;
  if (typeof seed !== 'string' || seed.length === 0 || seed.length > MAX_SEED_LENGTH) {
    throw problem('bad_request', '`seed` must be a string of 1 to 256 characters');
  }
  if (mode !== 'reset' && mode !== 'merge') throw problem('bad_request', '`mode` must be `reset` or `merge`');
  const wanted = wantedData(scenario, data);
  const world = mode === 'merge' ? copyOf(run.world) : freshWorld(run, seed);
  for (const part of wanted) plant(world, part, nowSeconds(world, call.parts.runs.wall));
  const preview = { ...world.rng };
  const ids_preview = [1, 2, 3].map(() => nextId(preview, 'id'));
  world.rev += 1;
  const seed_digest = seedDigestOf(seed);
  run.swap(world, mode === 'merge' ? run.seedDigest : seed_digest);
  return json(200, {
    epoch: run.epoch, rev: world.rev, seed_digest, ids_preview, clock_ms: nowMs(world.clock, call.parts.runs.wall),
  });
}

/** State and random stream begin anew; the clock is not state of the vendor and stays. */
function freshWorld(run: Run, seed: string): World {
  return { ...emptyWorld(seed, run.id, run.world.rev), clock: run.world.clock };
}

function copyOf(world: World): World {
  return structuredClone(world);
}
