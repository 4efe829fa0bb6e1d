import type { JsonObject } from '../../canonical-json.js';
import { derivedId } from '../../ids.js';
import { put } from '../../state/world.js';
import { API_VERSION } from '../../events.js';
import type { Call, Route } from '../call.js';
import { change, found, given, givenTexts, metadata, required, text } from '../call.js';
import { invalidParam, missingParam } from '../errors.js';
import { list } from '../list.js';

/** `/v1/webhook_endpoints`. */
export const webhookEndpoints: Route[] = [
  { method: 'POST', pattern: '/v1/webhook_endpoints', handle: createEndpoint },
  {
    method: 'GET', pattern: '/v1/webhook_endpoints', handle: (call) => {
      const page = list(call, 'webhook_endpoints', '/v1/webhook_endpoints');
      return { ...page, data: Array.isArray(page['data']) ? page['data'].map((item) => shown(call, item as JsonObject)) : [] };
    },
  },
  { method: 'GET', pattern: '/v1/webhook_endpoints/:id', handle: (call) => shown(call, found(call, 'webhook_endpoints', 'webhook endpoint')) },
  {
    method: 'POST', pattern: '/v1/webhook_endpoints/:id', handle: (call) => {
      const before = found(call, 'webhook_endpoints', 'webhook endpoint');
      if (given(call, 'url')) assertUrl(required(call, 'url'));
      // Whoever configures a restored endpoint again means it: from now on it is no longer muted or mapped.
      call.world.routing.delete(String(before['id']));
      return shown(call, change(call, 'webhook_endpoints', before, {
        ...givenTexts(call, ['url', 'description']), metadata: metadata(call, before['metadata']),
        ...(given(call, 'enabled_events') ? { enabled_events: call.params['enabled_events'] ?? [] } : {}),
        ...(given(call, 'disabled') ? { status: text(call, 'disabled') === 'true' ? 'disabled' : 'enabled' } : {}),
      }));
    },
  },
  {
    method: 'DELETE', pattern: '/v1/webhook_endpoints/:id', handle: (call) => {
      const before = found(call, 'webhook_endpoints', 'webhook endpoint');
      const id = String(before['id']);
      call.world.collections.webhook_endpoints.delete(id);
      // The same URL gets the same id again, and must not inherit that a restore had muted its predecessor.
      call.world.routing.delete(id);
      call.world.jobs = call.world.jobs.filter((job) => !(job.kind === 'webhook' && job.endpoint === id));
      call.world.rev += 1;
      return { id, object: 'webhook_endpoint', deleted: true };
    },
  },
];

function createEndpoint(call: Call): JsonObject {
  const url = required(call, 'url');
  assertUrl(url);
  const enabled_events = call.params['enabled_events'];
  if (!Array.isArray(enabled_events) || enabled_events.length === 0) throw missingParam('enabled_events');
  const { id, secret } = freeIdentity(call, url);
  const endpoint: JsonObject = {
    id, object: 'webhook_endpoint', api_version: API_VERSION, application: null, created: call.now, description: text(call, 'description'),
    enabled_events, livemode: false, metadata: metadata(call), secret, status: 'enabled', url,
  };
  put(call.world, 'webhook_endpoints', endpoint);
  // Stripe shows the secret in this answer only.
  return endpoint;
}

/** Id and secret follow from the URL, and from how many endpoints that URL already has. */
function freeIdentity(call: Call, url: string): { id: string; secret: string } {
  for (let n = 0; ; n += 1) {
    const id = derivedId(call.world.rng, 'we', `webhook-endpoint|${url}|${n}`);
    if (call.world.collections.webhook_endpoints.has(id)) continue;
    return { id, secret: derivedId(call.world.rng, 'whsec', `webhook-secret|${url}|${n}`, 32) };
  }
}

function assertUrl(url: string): void {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return;
  throw invalidParam('url', `Invalid URL: ${url.slice(0, 200)}. An explicit scheme (such as https) must be provided.`);
}

/** The endpoint without its secret, and disabled when a restore has muted it. */
function shown(call: Call, endpoint: JsonObject): JsonObject {
  const { secret: _secret, ...rest } = endpoint;
  const routing = call.world.routing.get(String(endpoint['id']));
  if (!routing) return rest;
  return 'url' in routing ? { ...rest, url: routing.url } : { ...rest, status: 'disabled' };
}
