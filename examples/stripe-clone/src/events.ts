import type { Json, JsonObject } from './canonical-json.js';
import { nextId } from './ids.js';
import type { World } from './state/world.js';
import { put, schedule } from './state/world.js';

/** The Stripe API version that events and answers name. */
export const API_VERSION = '2026-01-28.clover';

/** Records an event and queues one webhook per endpoint that wants it. */
export function emit(world: World, nowMs: number, type: string, object: JsonObject, previous?: JsonObject): JsonObject {
  const endpoints = [...world.collections.webhook_endpoints.values()].filter((endpoint) => wants(endpoint, type));
  const event: JsonObject = {
    id: nextId(world.rng, 'evt'), object: 'event', api_version: API_VERSION, created: Math.floor(nowMs / 1000), livemode: false,
    type, data: { object: structuredClone(object), ...(previous ? { previous_attributes: previous } : {}) },
    pending_webhooks: endpoints.length, request: { id: null, idempotency_key: null },
  };
  put(world, 'events', event);
  for (const endpoint of endpoints) {
    schedule(world, { kind: 'webhook', due_ms: nowMs, event: String(event['id']), endpoint: String(endpoint['id']), attempt: 1 });
  }
  return event;
}

function wants(endpoint: JsonObject, type: string): boolean {
  const enabled: Json = endpoint['enabled_events'] ?? [];
  return endpoint['status'] === 'enabled' && Array.isArray(enabled) && (enabled.includes('*') || enabled.includes(type));
}
