import type { Answer } from '../http/exchange.js';
import { header, json } from '../http/exchange.js';
import { problem } from '../http/problem.js';
import { nowMs } from '../clock.js';
import { itemsOf, summarize } from '../state/digest.js';
import { redacted } from '../state/redact.js';
import type { Run } from '../state/runs.js';
import { KIND } from '../state/world.js';
import type { AdminCall } from './call.js';
import { etag, runOrOnly } from './call.js';

const DEFAULT_LIMIT = 1000;
const MAX_LIMIT = 10_000;

/** GET `/_clone/stripe/{run}` and `/_clone/stripe/{collection…}/{run}`. Pure: neither rev, ids nor clock change. */
export function readState(call: AdminCall, run: Run, collection: string): Answer {
  const tag = etag(run);
  assertPresent(call, run);
  if (header(call.request, 'if-none-match') === tag) return { status: 304, headers: { etag: tag }, body: Buffer.alloc(0) };
  const common = { kind: KIND, run: run.id, epoch: run.epoch, rev: run.world.rev, clock_ms: nowMs(run.world.clock, call.parts.runs.wall) };
  const { seedDigest } = run;
  if (collection === '') return json(200, { ...common, ...(seedDigest === undefined ? {} : { seed_digest: seedDigest }), ...summarize(run.world) }, { etag: tag });
  const items = itemsOf(run.world, collection);
  if (!items) throw problem('not_found', `this clone has no collection \`${collection}\``);
  const { from, to } = window(call, items.length);
  const next = to < items.length ? { next_cursor: cursor(to) } : {};
  return json(200, { ...common, collection, items: items.slice(from, to).map(redacted), ...next }, { etag: tag });
}

/** GET `/_clone/events?run=&after=`: chaos that fired, webhooks that were answered, clock moves; oldest first. */
export function readEvents(call: AdminCall): Answer {
  const run = call.parts.runs.existing(runOrOnly(call));
  const after = wholeNumber(call, 'after', 0);
  const events = run.world.events_tail.filter((entry) => entry.seq > after).slice(0, wholeNumber(call, 'limit', DEFAULT_LIMIT));
  return json(200, { kind: KIND, run: run.id, epoch: run.epoch, rev: run.world.rev, events, last_seq: events.at(-1)?.seq ?? after });
}

/** Older states are not kept: only the present `at_rev` can be read. */
function assertPresent(call: AdminCall, run: Run): void {
  if (!call.query.has('at_rev')) return;
  const at_rev = wholeNumber(call, 'at_rev', 0);
  if (at_rev < run.world.rev) throw problem('rev_gone', `rev \`${at_rev}\` is gone, the state is at \`${run.world.rev}\``);
  if (at_rev > run.world.rev) throw problem('bad_request', `rev \`${at_rev}\` is not there yet, the state is at \`${run.world.rev}\``);
}

function window(call: AdminCall, length: number): { from: number; to: number } {
  const limit = Math.min(Math.max(wholeNumber(call, 'limit', DEFAULT_LIMIT), 1), MAX_LIMIT);
  const given = call.query.get('cursor');
  const from = given === null ? 0 : Number(/^i(\d+)$/.exec(Buffer.from(given, 'base64url').toString('utf8'))?.[1] ?? NaN);
  if (Number.isNaN(from)) throw problem('bad_request', `\`${given}\` is not a cursor of this clone`);
  return { from, to: Math.min(from + limit, length) };
}

function cursor(index: number): string {
  return Buffer.from(`i${index}`).toString('base64url');
}

function wholeNumber(call: AdminCall, name: string, fallback: number): number {
  const text = call.query.get(name);
  if (text === null) return fallback;
  if (!/^\d{1,15}$/.test(text)) throw problem('bad_request', `\`${name}\` must be a whole number`);
  return Number(text);
}
