import { setTimeout as sleep } from 'node:timers/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '../canonical-json.js';
import { sha256 } from '../canonical-json.js';
import { chaosFor } from '../chaos.js';
import { nowMs } from '../clock.js';
import { API_VERSION } from '../events.js';
import type { Answer } from '../http/exchange.js';
import { BodyTooLarge, ClientGone, header, json, readBody, send } from '../http/exchange.js';
import { Problem } from '../http/problem.js';
import type { Scheduler } from '../scheduler.js';
import type { Run, Runs } from '../state/runs.js';
import type { World } from '../state/world.js';
import { KIND, VERSION } from '../state/world.js';
import type { Call, Result } from './call.js';
import { StripeError } from './errors.js';
import { decodeForm } from './form.js';
import { once } from './idempotency.js';
import type { Target } from './identity.js';
import { authenticate, targetOf } from './identity.js';
import { expanded } from './list.js';
import { pageFor } from './pages.js';
import { routeFor } from './routes.js';

const MAX_BODY_BYTES = 1024 * 1024;

/** What the vendor API needs of the process. */
export interface VendorParts {
  runs: Runs;
  scheduler: Scheduler;
  baseUrl: () => string;
  health: (run?: Run) => JsonObject;
  onError: (error: unknown) => void;
}

/** Handler of the vendor port: `/t/{run}/v1/…` and, for the official client, `/v1/…`. */
export function vendorHandler(parts: VendorParts): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const common: Record<string, string> = { 'x-molar-clone': `${KIND}@${VERSION}` };
    const answer = await answerTo(parts, request, common).catch((error: unknown) => failure(parts, error));
    send(response, { ...answer, headers: { ...answer.headers, ...common } });
  };
}

async function answerTo(parts: VendorParts, request: IncomingMessage, common: Record<string, string>): Promise<Answer> {
  const body = await readBody(request, MAX_BODY_BYTES);
  const target = targetOf(request);
  const run = parts.runs.open(target.run);
  if (target.path === '/_clone/health') return json(200, parts.health(run));
  // From here on the request belongs to this world, even if a restore puts another one in its place meanwhile.
  const { world, epoch } = run;
  run.vendorInFlight += 1;
  try {
    const answer = await inWorld(parts, request, run, world, target, body);
    Object.assign(common, { 'x-clone-epoch': String(epoch), 'x-clone-rev': String(world.rev) });
    return answer;
  } finally {
    run.vendorInFlight -= 1;
    parts.scheduler.wake(run);
  }
}

async function inWorld(parts: VendorParts, request: IncomingMessage, run: Run, world: World, target: Target, body: Buffer): Promise<Answer> {
  const method = request.method ?? 'GET';
  const call = (path: Record<string, string>, params: JsonObject): Call => {
    const now_ms = nowMs(world.clock, parts.runs.wall);
    return { world, run: run.id, nowMs: now_ms, now: Math.floor(now_ms / 1000), baseUrl: `${parts.baseUrl()}/t/${run.id}`, params, path };
  };
  const params = decodeForm(method === 'POST' ? body.toString('utf8') : target.search.toString());
  const page = pageFor(method, target.path, (path) => call(path, params));
  if (page) return page;
  const requestId = requestIdOf(world, method, target.path);
  try {
    authenticate(request);
    const chaos = chaosFor(world, method, target.path, nowMs(world.clock, parts.runs.wall));
    if (chaos.delay_ms > 0) await sleep(chaos.delay_ms);
    if (chaos.failure) return injected(chaos.failure.status, requestId);
    const { status, body: result, replayed } = apply(method, target.path, header(request, 'idempotency-key'), params, call);
    if (method !== 'GET' && run.world === world) run.justRestored = false;
    return json(status, result, { ...headersOf(requestId), ...(replayed ? { 'idempotent-replayed': 'true' } : {}) });
  } catch (error) {
    if (!(error instanceof StripeError)) throw error;
    return json(error.status, error.body(requestId), { ...headersOf(requestId), ...(error.status >= 500 ? { 'stripe-should-retry': 'false' } : {}) });
  }
}

function apply(method: string, path: string, key: string | undefined, params: JsonObject, callFor: (path: Record<string, string>, params: JsonObject) => Call): ReturnType<typeof once> {
  const matched = routeFor(method, path);
  if (!matched) {
    throw new StripeError(501, 'invalid_request_error', `This clone does not implement ${method} ${path.slice(0, 200)}.`, { code: 'unimplemented' });
  }
  const call = callFor(matched.path, params);
  return once(call, key, method, path, () => {
    const outcome = matched.route.handle(call);
    const result = isResult(outcome) ? outcome : { status: 200, body: outcome };
    return { status: result.status, body: structuredClone(expanded(call.world, result.body, params['expand'])) };
  });
}

function isResult(outcome: JsonObject | Result): outcome is Result {
  return typeof outcome['status'] === 'number' && 'body' in outcome;
}

/** Neither a read nor a refused write may draw from the run's ids, so the request id follows from state and request. */
function requestIdOf(world: World, method: string, path: string): string {
  return `req_${sha256(`${world.rng.key_ref}|${world.rev}|${method} ${path}`).slice(7, 21)}`;
}

function headersOf(requestId: string): Record<string, string> {
  return { 'request-id': requestId, 'stripe-version': API_VERSION };
}

function injected(status: number, requestId: string): Answer {
  const error = new StripeError(status, status === 402 ? 'card_error' : status >= 500 ? 'api_error' : 'invalid_request_error',
    `Injected failure with status ${status}.`, { code: status === 429 ? 'rate_limit' : 'clone_injected' });
  return json(status, error.body(requestId), { ...headersOf(requestId), ...(status === 429 || status === 503 ? { 'retry-after': '1' } : {}) });
}

function failure(parts: VendorParts, error: unknown): Answer {
  if (error instanceof Problem) return json(error.status, { error: { type: 'invalid_request_error', message: error.message, code: error.code } });
  if (error instanceof BodyTooLarge) return json(413, { error: { type: 'invalid_request_error', message: error.message, code: 'too_large' } });
  if (error instanceof ClientGone) return json(400, { error: { type: 'invalid_request_error', message: error.message } });
  parts.onError(error);
  return json(500, { error: { type: 'api_error', message: 'The clone failed; its log says why.' } });
}
