import type { JsonObject } from '../canonical-json.js';
import { clockAt, durationMs, instantMs, nowMs, paused, running } from '../clock.js';
import type { Answer } from '../http/exchange.js';
import { json } from '../http/exchange.js';
import { problem } from '../http/problem.js';
import { hold, release } from '../scheduler.js';
import { log } from '../state/log.js';
import type { Run } from '../state/runs.js';
import type { AdminCall } from './call.js';
import { namedRun } from './call.js';

const LONGEST_ADVANCE_MS = 10 * 366 * 86_400_000;

/** GET `/_clone/clock`. Reading the clock of no run in particular never creates one. */
export function readClock(call: AdminCall): Answer {
  const { runs } = call.parts;
  const name = namedRun(call);
  const run = name === undefined ? (runs.all().length === 1 ? runs.all()[0] : undefined) : runs.existing(name);
  return json(200, clockBody(call, run));
}

/** POST `/_clone/clock/set`. */
export async function setClock(call: AdminCall, run: Run): Promise<Answer> {
  const to_ms = instantMs(call.body['to']);
  if (to_ms === undefined) throw problem('bad_request', '`to` must be an RFC 3339 instant or whole milliseconds since the epoch');
  const fire = oneOf(call, 'fire', ['none', 'due']) ?? 'none';
  const mode = oneOf(call, 'mode', ['running', 'paused']) ?? run.world.clock.mode;
  const before_ms = nowMs(run.world.clock, call.parts.runs.wall);
  if (to_ms < before_ms && !run.justRestored) {
    throw problem('clock_backwards', `the clock is at \`${before_ms}\` and cannot go back to \`${to_ms}\``, { clock_ms: before_ms });
  }
  let fired = 0;
  if (fire === 'due') fired = await call.parts.scheduler.advance(run, to_ms);
  else hold(run.world, to_ms);
  run.setClock(clockAt(mode, to_ms, call.parts.runs.wall));
  log(run.world, to_ms, { type: 'clock.move', from_ms: before_ms, to_ms, cause: 'set' });
  return json(200, { before_ms, after_ms: to_ms, fired });
}

/** POST `/_clone/clock/advance`: like a set with `fire: due`. */
export async function advanceClock(call: AdminCall, run: Run): Promise<Answer> {
  const by_ms = durationMs(call.body['duration']);
  if (by_ms === undefined) throw problem('bad_request', '`duration` must be like `30d` or `PT1H`, or whole milliseconds');
  if (by_ms > LONGEST_ADVANCE_MS) throw problem('bad_request', '`duration` is longer than ten years');
  const before_ms = nowMs(run.world.clock, call.parts.runs.wall);
  const fired = await call.parts.scheduler.advance(run, before_ms + by_ms);
  run.justRestored = false;
  log(run.world, before_ms + by_ms, { type: 'clock.move', from_ms: before_ms, to_ms: before_ms + by_ms, cause: 'advance' });
  return json(200, { before_ms, after_ms: before_ms + by_ms, fired });
}

/** POST `/_clone/clock/pause`; a paused clock stays where it is. */
export function pauseClock(call: AdminCall, run: Run): Answer {
  if (run.world.clock.mode === 'running') run.setClock(paused(run.world.clock, call.parts.runs.wall));
  return json(200, clockBody(call, run));
}

/** POST `/_clone/clock/resume`; lets go what a restore or a silent set has held. */
export function resumeClock(call: AdminCall, run: Run): Answer {
  if (run.world.clock.mode === 'paused') run.setClock(running(run.world.clock, call.parts.runs.wall));
  release(run.world);
  run.justRestored = false;
  return json(200, clockBody(call, run));
}

function clockBody(call: AdminCall, run: Run | undefined): JsonObject {
  const { wall } = call.parts.runs;
  const clock = run?.world.clock ?? { mode: 'running', offset_ms: 0 };
  const clock_ms = nowMs(clock, wall);
  return {
    clock: clock_ms / 1000, clock_ms, iso: new Date(clock_ms).toISOString(), mode: clock.mode,
    offset_ms: clock.mode === 'running' ? clock.offset_ms : clock_ms - wall(), epoch: run?.epoch ?? 0,
  };
}

function oneOf<T extends string>(call: AdminCall, name: string, allowed: T[]): T | undefined {
  const value = call.body[name];
  if (value === undefined) return undefined;
  const known = allowed.find((item) => item === value);
  if (known === undefined) throw problem('bad_request', `\`${name}\` must be one of \`${allowed.join('`, `')}\``);
  return known;
}
