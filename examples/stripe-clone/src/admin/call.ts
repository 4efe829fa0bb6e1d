import type { IncomingMessage } from 'node:http';
import type { JsonObject } from '../canonical-json.js';
import { depthOf, isObject } from '../canonical-json.js';
import type { CloneConfig } from '../config.js';
import { header } from '../http/exchange.js';
import { problem } from '../http/problem.js';
import type { Scheduler } from '../scheduler.js';
import type { Run, Runs } from '../state/runs.js';
import { DEFAULT_RUN } from '../state/runs.js';
import type { SnapshotShelf } from '../state/shelf.js';

const MAX_DEPTH = 128;

/** What the admin API needs of the process. */
export interface AdminParts {
  config: CloneConfig;
  runs: Runs;
  scheduler: Scheduler;
  shelf: SnapshotShelf;
  health: (run?: Run) => JsonObject;
  onError: (error: unknown) => void;
}

/** One admin request. */
export interface AdminCall {
  parts: AdminParts;
  method: string;
  /** Path parts after `/_clone/`. */
  segments: string[];
  query: URLSearchParams;
  request: IncomingMessage;
  raw: Buffer;
  /** The JSON body, `{}` when there is none or when it is a raw snapshot. */
  body: JsonObject;
}

/** Parses a JSON body; anything else is 415, so that a web page cannot reach a loopback clone with a plain form. */
export function bodyOf(request: IncomingMessage, raw: Buffer): JsonObject {
  if (raw.length === 0) return {};
  const type = (header(request, 'content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/vnd.molar.clone-snapshot+gzip' || type === 'application/gzip' || type === 'application/octet-stream') return {};
  if (type !== 'application/json') throw problem('unsupported_media', `the body must be \`application/json\`, got \`${type ?? ''}\``);
  const value = parse(raw.toString('utf8'));
  if (depthOf(value) > MAX_DEPTH) throw problem('bad_request', `the body nests deeper than \`${MAX_DEPTH}\``);
  if (!isObject(value)) throw problem('bad_request', 'the body must be a JSON object');
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw problem('bad_request', `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The run a request names by path, query, header or body; two that disagree are 400. */
export function namedRun(call: AdminCall, pathRun?: string): string | undefined {
  const inBody = call.body['run'];
  if (inBody !== undefined && typeof inBody !== 'string') throw problem('bad_request', '`run` must be a string');
  const named = [pathRun, call.query.get('run') ?? undefined, header(call.request, 'x-molar-run'), inBody].filter((run) => run !== undefined);
  if (new Set(named).size > 1) throw problem('run_mismatch', `the request names the runs \`${[...new Set(named)].join('`, `')}\``);
  return named[0];
}

/** The named run; without a name the only one there is, since most processes serve a single run. */
export function runOrOnly(call: AdminCall, pathRun?: string): string {
  const named = namedRun(call, pathRun);
  if (named !== undefined) return named;
  const [only, ...others] = call.parts.runs.all();
  if (others.length > 0) throw problem('bad_request', 'this clone serves several runs: name one in `run`');
  return only?.id ?? DEFAULT_RUN;
}

/** The named run, or 400. */
export function requiredRun(call: AdminCall, pathRun?: string): string {
  const run = namedRun(call, pathRun);
  if (run === undefined) throw problem('bad_request', 'the request names no `run`');
  return run;
}

/** `"e3r17"`. */
export function etag(run: Run): string {
  return `"e${run.epoch}r${run.world.rev}"`;
}
