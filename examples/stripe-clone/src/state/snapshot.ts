import { gunzipSync, gzipSync } from 'node:zlib';
import type { JsonObject } from '../canonical-json.js';
import { canonicalJson, depthOf, isObject } from '../canonical-json.js';
import { nowMs, type WallClock } from '../clock.js';
import { problem } from '../http/problem.js';
import type { RngState } from '../ids.js';
import type { LogEntry } from './log.js';
import type { InjectRule, Job, KeptAnswer, Routing, World } from './world.js';
import { COLLECTIONS, emptyWorld, KIND, SCHEMA, VERSION } from './world.js';

const MAX_DEPTH = 128;

/** A snapshot as it lies in the gzip body. */
export interface Snapshot {
  schema: string; kind: string; version: string; run: string; epoch: number; rev: number;
  clock_ms: number; clock_mode: 'running' | 'paused';
  rng: RngState;
  state: Record<string, JsonObject[]>;
  jobs: Job[];
  next_job_id: number;
  webhooks: { queue: number[]; delivered_seq: number; routing: [string, Routing][] };
  idempotency: [string, KeptAnswer][];
  inject: InjectRule[];
  next_rule_id: number;
  events_tail: LogEntry[];
  log_seq: number;
}

/** Packs a world. Node writes gzip with mtime 0, so equal worlds give equal bytes. */
export function encodeSnapshot(world: World, run: string, epoch: number, wall: WallClock): Buffer {
  const snapshot: Snapshot = {
    schema: SCHEMA, kind: KIND, version: VERSION, run, epoch, rev: world.rev,
    clock_ms: nowMs(world.clock, wall), clock_mode: world.clock.mode,
    rng: world.rng,
    state: Object.fromEntries(COLLECTIONS.map((name) => [name, [...world.collections[name].values()]])),
    jobs: world.jobs,
    next_job_id: world.next_job_id,
    webhooks: {
      queue: world.jobs.filter((job) => job.kind === 'webhook').map((job) => job.id),
      delivered_seq: world.delivered_seq,
      routing: [...world.routing],
    },
    idempotency: [...world.idempotency],
    inject: world.inject,
    next_rule_id: world.next_rule_id,
    events_tail: world.events_tail,
    log_seq: world.log_seq,
  };
  return gzipSync(canonicalJson(snapshot));
}

/** Unpacks and checks a snapshot body. Throws 400, 413 or 422 and never yields half a snapshot. */
export function decodeSnapshot(body: Buffer, maxBytes: number): Snapshot {
  const value: unknown = parse(unpack(body, maxBytes));
  if (depthOf(value) > MAX_DEPTH) throw problem('bad_request', `the snapshot nests deeper than \`${MAX_DEPTH}\``);
  if (!isObject(value)) throw problem('bad_request', 'the snapshot is not a JSON object');
  if (value['schema'] !== SCHEMA) {
    throw problem('schema_unsupported', `snapshot schema \`${String(value['schema'])}\` is not \`${SCHEMA}\``, {
      have: String(value['schema']), supported: [SCHEMA],
    });
  }
  const missing = missingMember(value);
  if (missing) throw problem('bad_request', `the snapshot lacks a valid \`${missing}\``);
  return value as unknown as Snapshot;
}

/** The world a snapshot describes; its clock stands still and its jobs wait until somebody resumes the run. */
export function worldFromSnapshot(snapshot: Snapshot, rev: number): World {
  const world = emptyWorld('', snapshot.run, rev);
  for (const name of COLLECTIONS) {
    for (const item of snapshot.state[name] ?? []) world.collections[name].set(String(item['id']), item);
  }
  return {
    ...world,
    clock: { mode: 'paused', at_ms: snapshot.clock_ms },
    rng: snapshot.rng,
    jobs: snapshot.jobs,
    next_job_id: snapshot.next_job_id,
    delivered_seq: snapshot.webhooks.delivered_seq,
    idempotency: new Map(snapshot.idempotency),
    inject: snapshot.inject,
    next_rule_id: snapshot.next_rule_id,
    events_tail: snapshot.events_tail,
    log_seq: snapshot.log_seq,
    routing: new Map(snapshot.webhooks.routing),
  };
}

function unpack(body: Buffer, maxBytes: number): string {
  // The last four bytes of a gzip member are its unpacked length: an honest giant is refused before any inflating,
  // and `maxOutputLength` stops one that lies.
  if (body.length >= 18 && body.readUInt32LE(body.length - 4) > maxBytes) throw tooLarge(maxBytes);
  try {
    return gunzipSync(body, { maxOutputLength: maxBytes }).toString('utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw problem('bad_request', 'the snapshot is not gzip');
  }
}

function tooLarge(maxBytes: number): Error {
  return problem('too_large', `the snapshot unpacks to more than \`${maxBytes}\` bytes`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw problem('bad_request', `the snapshot is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function missingMember(value: JsonObject): string | undefined {
  const checks: Record<string, boolean> = {
    kind: value['kind'] === KIND,
    run: typeof value['run'] === 'string',
    clock_ms: Number.isSafeInteger(value['clock_ms']),
    rng: isObject(value['rng']) && typeof value['rng']['key'] === 'string' && Number.isSafeInteger(value['rng']['counter']),
    state: isObject(value['state']) && Object.values(value['state']).every((list) => Array.isArray(list) && list.every(hasId)),
    webhooks: isObject(value['webhooks']) && Array.isArray(value['webhooks']['routing']),
    next_job_id: Number.isSafeInteger(value['next_job_id']),
    next_rule_id: Number.isSafeInteger(value['next_rule_id']),
    log_seq: Number.isSafeInteger(value['log_seq']),
    ...Object.fromEntries(['jobs', 'idempotency', 'inject', 'events_tail'].map((name) => [name, Array.isArray(value[name])])),
  };
  return Object.keys(checks).find((name) => !checks[name]);
}

function hasId(item: unknown): boolean {
  return isObject(item) && typeof item['id'] === 'string';
}
