import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from '../http/exchange.js';
import { BodyTooLarge, ClientGone, header, readBody, send } from '../http/exchange.js';
import { Problem, problem } from '../http/problem.js';
import { KIND, VERSION } from '../state/world.js';
import type { AdminCall, AdminParts } from './call.js';
import { bodyOf, namedRun } from './call.js';
import { AdminIdempotency } from './idempotency.js';
import { answerTo } from './routes.js';

const MAX_JSON_BYTES = 1024 * 1024;

/** Handler of the admin port. It is bound to the loopback address and must never be served to the public. */
export function adminHandler(parts: AdminParts): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const idempotency = new AdminIdempotency();
  return async (request, response) => {
    let call: AdminCall | undefined;
    let answer: Answer;
    try {
      authenticate(request, parts.config.adminToken);
      call = await callOf(parts, request);
      answer = await answerTo(call, idempotency);
    } catch (error) {
      answer = failure(parts, error, call);
    }
    send(response, { ...answer, headers: { ...answer.headers, ...identity(parts, call) } });
  };
}

async function callOf(parts: AdminParts, request: IncomingMessage): Promise<AdminCall> {
  const url = new URL(request.url ?? '/', 'http://clone.invalid');
  const segments = url.pathname.split('/').filter((part) => part !== '').map(decodeURIComponent);
  if (segments.shift() !== '_clone') throw problem('not_found', `there is nothing at \`${url.pathname}\`; admin paths begin with \`/_clone/\``);
  // A snapshot in base64 is a third larger than its bytes.
  const limit = segments[0] === 'snapshot' ? Math.ceil(parts.config.maxSnapshotBytes * 4 / 3) + MAX_JSON_BYTES : MAX_JSON_BYTES;
  const raw = await readBody(request, limit);
  return { parts, method: request.method ?? 'GET', segments, query: url.searchParams, request, raw, body: bodyOf(request, raw) };
}

function authenticate(request: IncomingMessage, token: string | undefined): void {
  if (token === undefined) return;
  const given = /^bearer (.+)$/i.exec(header(request, 'authorization') ?? '')?.[1];
  if (given === undefined) throw problem('unauthenticated', 'send the admin token as `Authorization: Bearer …`');
  // Equal lengths for the constant-time comparison come from hashing both sides.
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(given), digest(token))) throw problem('unauthenticated', 'the admin token is wrong');
}

/** Headers of every admin answer; epoch and rev are those of the run after the request. */
function identity(parts: AdminParts, call: AdminCall | undefined): Record<string, string> {
  const headers: Record<string, string> = { 'x-molar-clone': `${KIND}@${VERSION}` };
  if (!call) return headers;
  const name = runNameIn(call);
  const run = parts.runs.all().find((known) => (name === undefined ? parts.runs.all().length === 1 : known.id === name));
  return { ...headers, 'x-clone-epoch': String(run?.epoch ?? 0), 'x-clone-rev': String(run?.world.rev ?? 0) };
}

function runNameIn(call: AdminCall): string | undefined {
  const target = call.body['target_run'];
  if (typeof target === 'string') return target;
  const [area, second, third] = call.segments;
  const inPath = area === KIND ? call.segments.at(-1) : area === 'snapshot' && third !== undefined ? second : area === 'run' ? second : undefined;
  try {
    return namedRun(call, inPath);
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

function failure(parts: AdminParts, error: unknown, call: AdminCall | undefined): Answer {
  let known: Problem;
  if (error instanceof Problem) known = error;
  else if (error instanceof BodyTooLarge) known = problem('too_large', error.message);
  else if (error instanceof ClientGone) known = problem('bad_request', error.message);
  else if (error instanceof URIError) known = problem('bad_request', 'the path is not valid percent-encoding');
  else {
    parts.onError(error);
    known = problem('internal', 'the clone failed; its log says why');
  }
  const retry: Record<string, string> = known.code === 'busy' ? { 'retry-after': '1' } : {};
  const body = Buffer.from(JSON.stringify(known.body(call && runNameIn(call))));
  return { status: known.status, headers: { 'content-type': 'application/problem+json', ...retry }, body };
}
