import type { Answer } from '../http/exchange.js';
import { header, json } from '../http/exchange.js';
import { problem } from '../http/problem.js';
import type { Run } from '../state/runs.js';
import { KIND } from '../state/world.js';
import type { AdminCall } from './call.js';
import { namedRun, requiredRun, runOrOnly } from './call.js';
import { advanceClock, pauseClock, readClock, resumeClock, setClock } from './clock-routes.js';
import type { AdminIdempotency } from './idempotency.js';
import { clearRules, inject, listRules } from './inject-routes.js';
import { seedRun } from './seed-routes.js';
import { planRestore, restoreSnapshot, saveSnapshot } from './snapshot-routes.js';
import { readEvents, readState } from './state-routes.js';

/** Every admin route. Reads answer at once; POSTs of one run go one after the other. */
export async function answerTo(call: AdminCall, idempotency: AdminIdempotency): Promise<Answer> {
  if (call.method === 'GET') return read(call);
  if (call.method === 'DELETE') return remove(call);
  if (call.method !== 'POST') throw problem('method_not_allowed', `\`${call.method}\` is not used here`);
  return write(call, idempotency);
}

function read(call: AdminCall): Answer {
  const { runs, health } = call.parts;
  const [area, ...rest] = call.segments;
  if (area === 'health' && rest.length === 0) {
    const name = namedRun(call);
    return json(200, name === undefined ? health() : health(runs.existing(name)));
  }
  if (area === 'clock' && rest.length === 0) return readClock(call);
  if (area === 'events' && rest.length === 0) return readEvents(call);
  if (area === 'inject' && rest.length === 0) return listRules(runs.existing(runOrOnly(call)));
  if (area === KIND && rest.length > 0) return readState(call, runs.existing(requiredRun(call, rest.at(-1))), rest.slice(0, -1).join('/'));
  throw notFound(call);
}

function remove(call: AdminCall): Answer {
  const [area, name, ...rest] = call.segments;
  if (area === 'run' && name !== undefined && rest.length === 0) {
    call.parts.runs.drop(requiredRun(call, name));
    return { status: 204, headers: {}, body: Buffer.alloc(0) };
  }
  if (area === 'inject' && name === undefined) return clearRules(call, call.parts.runs.existing(runOrOnly(call)));
  throw notFound(call);
}

async function write(call: AdminCall, idempotency: AdminIdempotency): Promise<Answer> {
  const { runName, deed } = deedOf(call);
  const { runs, scheduler } = call.parts;
  const key = header(call.request, 'idempotency-key');
  const run = runs.open(runName);
  return run.exclusively(async () => {
    try {
      return await idempotency.once(run.id, key, call.segments.join('/'), call.raw, runs.wall(), async () => {
        assertEpoch(call, run);
        return deed(run);
      });
    } finally {
      scheduler.wake(run);
    }
  });
}

interface Deed { runName: string; deed: (run: Run) => Answer | Promise<Answer> }

/** What a POST is about to do, and to which run. Requests that cannot succeed fail here, before a run is opened. */
function deedOf(call: AdminCall): Deed {
  const [area, second, third, ...rest] = call.segments;
  if (rest.length > 0 || area === undefined) throw notFound(call);
  if (area === 'clock' && third === undefined) return clockDeed(call, second);
  if (area === 'seed' && second === undefined) return { runName: requiredRun(call), deed: (run) => seedRun(call, run) };
  if (area === 'inject' && second !== undefined && third === undefined) return { runName: runOrOnly(call), deed: (run) => inject(call, run, second) };
  if (area === 'snapshot') return snapshotDeed(call, third === undefined ? undefined : second, third ?? second);
  throw notFound(call);
}

function clockDeed(call: AdminCall, verb: string | undefined): Deed {
  const deeds: Record<string, (run: Run) => Answer | Promise<Answer>> = {
    set: (run) => setClock(call, run),
    advance: (run) => advanceClock(call, run),
    pause: (run) => pauseClock(call, run),
    resume: (run) => resumeClock(call, run),
  };
  const deed = verb !== undefined && Object.hasOwn(deeds, verb) ? deeds[verb] : undefined;
  if (!deed) throw notFound(call);
  return { runName: runOrOnly(call), deed };
}

function snapshotDeed(call: AdminCall, pathRun: string | undefined, verb: string | undefined): Deed {
  if (verb === 'save') {
    const runName = requiredRun(call, pathRun);
    // Saving a run that nobody has used is a mistake of the caller, not an empty snapshot.
    call.parts.runs.existing(runName);
    return { runName, deed: (run) => saveSnapshot(call, run) };
  }
  if (verb !== 'restore') throw notFound(call);
  const plan = planRestore(call, pathRun);
  return { runName: plan.target, deed: (run) => restoreSnapshot(call, run, plan) };
}

/** `If-Match` fences by epoch only: the rev of an ETag may have moved on. */
function assertEpoch(call: AdminCall, run: Run): void {
  const wanted = header(call.request, 'if-match');
  if (wanted === undefined || wanted === '*') return;
  const epoch = /^"e(\d+)(?:r\d+)?"$/.exec(wanted)?.[1];
  if (epoch === undefined) throw problem('bad_request', `\`If-Match: ${wanted}\` is not of the form \`"e3"\``);
  if (Number(epoch) !== run.epoch) throw problem('epoch_conflict', `the run is in epoch \`${run.epoch}\`, not \`${epoch}\``, { epoch: run.epoch });
}

function notFound(call: AdminCall): Error {
  return problem('not_found', `there is no \`${call.method} /_clone/${call.segments.join('/')}\``);
}
