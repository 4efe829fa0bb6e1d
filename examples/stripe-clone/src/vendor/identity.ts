import type { IncomingMessage } from 'node:http';
import { header } from '../http/exchange.js';
import { problem } from '../http/problem.js';
import { assertRunId, DEFAULT_RUN } from '../state/runs.js';
import { StripeError } from './errors.js';

const KEY = /^(?:sk|pk|rk)_test_(.+)$/;

/** A vendor request split into the run it belongs to and Stripe's own path. */
export interface Target { run: string; path: string; search: URLSearchParams }

/**
 * The run comes from `/t/{run}/…`, else from the header `X-Molar-Run`, else from a key `sk_test_{run}`, so that the
 * official client, which takes no base path, needs nothing but its API key. Path and header that disagree are a 400.
 */
export function targetOf(request: IncomingMessage): Target {
  const url = new URL(request.url ?? '/', 'http://clone.invalid');
  const match = /^\/t\/([^/]+)(\/.*)?$/.exec(url.pathname);
  const named = [match?.[1], header(request, 'x-molar-run')].filter((run) => run !== undefined);
  if (new Set(named).size > 1) throw problem('run_mismatch', `the path names run \`${named[0]}\`, the header \`${named[1]}\``);
  const run = named[0] ?? runOfKey(apiKey(request)) ?? DEFAULT_RUN;
  assertRunId(run);
  return { run, path: match ? (match[2] ?? '/') : url.pathname, search: url.searchParams };
}

/** Refuses what Stripe refuses, and live keys on top: a clone must never be taken for the vendor. */
export function authenticate(request: IncomingMessage): void {
  const key = apiKey(request);
  if (key !== undefined && KEY.test(key)) return;
  const message = key === undefined
    ? 'You did not provide an API key. Provide it as a bearer token or as the user name of basic authentication.'
    : 'Invalid API Key provided. A clone takes test keys (sk_test_…) only.';
  throw new StripeError(401, 'invalid_request_error', message);
}

function apiKey(request: IncomingMessage): string | undefined {
  const [scheme, value] = (header(request, 'authorization') ?? '').split(' ');
  if (scheme?.toLowerCase() === 'bearer') return value;
  if (scheme?.toLowerCase() === 'basic') return Buffer.from(value ?? '', 'base64').toString('utf8').split(':')[0];
  return undefined;
}

function runOfKey(key: string | undefined): string | undefined {
  return key === undefined ? undefined : KEY.exec(key)?.[1];
}
