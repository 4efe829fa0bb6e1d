import { createHash, timingSafeEqual } from 'node:crypto';
import { nowMs } from '../clock.js';
import type { Answer } from '../http/exchange.js';
import { header, json } from '../http/exchange.js';
import { problem } from '../http/problem.js';
import { isObject } from '../canonical-json.js';
import { summarize } from '../state/digest.js';
import { log } from '../state/log.js';
import type { Run } from '../state/runs.js';
import type { Snapshot } from '../state/snapshot.js';
import { decodeSnapshot, encodeSnapshot, worldFromSnapshot } from '../state/snapshot.js';
import type { Routing, World } from '../state/world.js';
import { SCHEMA } from '../state/world.js';
import type { AdminCall } from './call.js';
import { namedRun } from './call.js';

const MEDIA_TYPE = 'application/vnd.molar.clone-snapshot+gzip';

/** POST `…/save`. The cut lies between vendor requests, because each of them changes its world in one go. */
export async function saveSnapshot(call: AdminCall, run: Run): Promise<Answer> {
  const { scheduler, runs, shelf, config } = call.parts;
  return scheduler.quietly(run, () => {
    const body = encodeSnapshot(run.world, run.id, run.epoch, runs.wall);
    if (body.length > config.maxSnapshotBytes) throw problem('too_large', `the snapshot has \`${body.length}\` bytes`);
    const sha256 = shelf.keep(body);
    const headers = {
      'content-type': MEDIA_TYPE, digest: `sha-256=${Buffer.from(sha256, 'hex').toString('base64')}`,
      'x-clone-schema': SCHEMA, 'x-clone-state-digest': summarize(run.world).digest,
    };
    return { status: 200, headers, body };
  });
}

/** A checked restore, ready to be applied: everything that can fail has been done. */
export interface RestorePlan { target: string; snapshot: Snapshot; keepClock: boolean; urlMap: Record<string, string> }

/** Reads and checks a restore request without touching any run. */
export function planRestore(call: AdminCall, pathRun?: string): RestorePlan {
  const isJson = Object.keys(call.body).length > 0;
  const snapshot = decodeSnapshot(isJson ? snapshotOf(call) : verifiedRaw(call), call.parts.config.maxSnapshotBytes);
  const { clock, fire, target_run, webhook_url_map } = call.body;
  if (clock !== undefined && clock !== 'keep' && clock !== 'snapshot') throw problem('bad_request', '`clock` must be `keep` or `snapshot`');
  if (fire !== undefined && fire !== 'none') throw problem('bad_request', '`fire` must be `none`: a restore fires nothing');
  if (target_run !== undefined && typeof target_run !== 'string') throw problem('bad_request', '`target_run` must be a string');
  return {
    target: target_run ?? namedRun(call, pathRun) ?? snapshot.run, snapshot, keepClock: clock === 'keep', urlMap: urlMapOf(webhook_url_map),
  };
}

/** Applies a plan at one instant. */
export async function restoreSnapshot(call: AdminCall, run: Run, plan: RestorePlan): Promise<Answer> {
  const { wall } = call.parts.runs;
  const from_ms = nowMs(run.world.clock, wall);
  const world = worldFromSnapshot(structuredClone(plan.snapshot), run.world.rev + 1);
  if (plan.keepClock) world.clock = { mode: 'paused', at_ms: from_ms };
  const warnings = plan.target === plan.snapshot.run ? [] : rerouted(world, plan.urlMap);
  const clock_ms = nowMs(world.clock, wall);
  log(world, clock_ms, { type: 'clock.move', from_ms, to_ms: clock_ms, cause: 'restore' });
  run.swap(world);
  return json(200, { epoch: run.epoch, rev: world.rev, clock_ms, state_digest: summarize(world).digest, warnings });
}

/** A copy under another run must not reach the application of the original, so its endpoints are mapped or muted. */
function rerouted(world: World, urlMap: Record<string, string>): string[] {
  const warnings: string[] = [];
  for (const endpoint of world.collections.webhook_endpoints.values()) {
    const url = String(endpoint['url']);
    const mapped = Object.hasOwn(urlMap, url) ? urlMap[url] : undefined;
    const routing: Routing = mapped === undefined ? { disabled: true } : { url: mapped };
    world.routing.set(String(endpoint['id']), routing);
    if (mapped === undefined) warnings.push(`webhook endpoint \`${String(endpoint['id'])}\` to \`${url}\` is disabled in this copy`);
  }
  return warnings;
}

function snapshotOf(call: AdminCall): Buffer {
  const { snapshot_b64, snapshot_sha256, snapshot_url } = call.body;
  if (typeof snapshot_b64 === 'string') return Buffer.from(snapshot_b64, 'base64');
  if (typeof snapshot_sha256 === 'string') {
    const kept = call.parts.shelf.get(snapshot_sha256);
    if (!kept) throw problem('snapshot_not_found', `no snapshot \`${snapshot_sha256}\` is kept here`);
    return kept;
  }
  if (snapshot_url !== undefined) throw problem('unimplemented', 'this clone fetches no URLs: send `snapshot_b64` or the raw bytes');
  throw problem('bad_request', 'the body has neither `snapshot_b64` nor `snapshot_sha256`');
}

function verifiedRaw(call: AdminCall): Buffer {
  if (call.raw.length === 0) throw problem('bad_request', 'the request has no body');
  const given = /^sha-256=(.+)$/i.exec(header(call.request, 'digest') ?? '')?.[1];
  if (given === undefined) throw problem('bad_request', 'a raw snapshot needs a `Digest: sha-256=…` header');
  const claimed = Buffer.from(given, /^[0-9a-f]{64}$/i.test(given) ? 'hex' : 'base64');
  const actual = createHash('sha256').update(call.raw).digest();
  if (claimed.length === actual.length && timingSafeEqual(claimed, actual)) return call.raw;
  throw problem('digest_mismatch', 'the body does not have the digest that its header gives');
}

function urlMapOf(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value)) throw problem('bad_request', '`webhook_url_map` must be an object from old to new URLs');
  for (const url of Object.values(value)) {
    if (typeof url !== 'string' || !URL.canParse(url)) throw problem('bad_request', '`webhook_url_map` must map to URLs');
  }
  return value as Record<string, string>;
}
