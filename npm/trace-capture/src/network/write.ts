import type { ContentField } from '../native.js';
import type { Session } from '../session.js';
import type { Json, Payload } from '../values.js';
import type { Body, Exchange } from './exchange.js';
import { declared, headerPairs, mediaTypeOf, timings, tls } from './exchange.js';

/** Writes the request of an exchange, once. */
export function writeRequest(session: Session, exchange: Exchange): void {
  if (exchange.requestWritten) return;
  exchange.requestWritten = true;
  session.seen.add('network');
  const { id, method, url, resourceType, where, redirectedFrom, preflightFor } = exchange.begun;
  const asker = preflightFor?.();
  const requestBody = declared(exchange.requestBody, exchange.requestHeaders);
  const payload: Payload = {
    request_id: id,
    method,
    url,
    resource_type: resourceType,
    headers: headerPairs(exchange.requestHeaders),
    ...where(),
    ...(redirectedFrom === undefined ? {} : { redirected_from: redirectedFrom }),
    ...(asker === undefined ? {} : { preflight_for: asker }),
    ...(requestBody && 'missing' in requestBody ? { body_missing: requestBody.missing } : {}),
  };
  write(session, 'network.request', payload, requestBody, mediaTypeOf(exchange.requestHeaders, 'application/octet-stream'), exchange, exchange.begun.startMs);
}

/** Writes the answer of an exchange, after its request. */
export function writeResponse(session: Session, exchange: Exchange, body: Body | undefined, endMs: number, extra: Payload = {}): void {
  const { response } = exchange;
  if (exchange.ended || exchange.status === 0) return;
  writeRequest(session, exchange);
  exchange.ended = true;
  const { id, method, url, resourceType, where, startMs } = exchange.begun;
  const timing = timings(response?.timing);
  const security = tls(response?.securityDetails);
  const remote = response?.remoteIPAddress ? `${response.remoteIPAddress}:${response.remotePort ?? 0}` : undefined;
  const cache = cacheOf(exchange);
  const payload: Payload = {
    request_id: id,
    method,
    url,
    status: exchange.status,
    status_text: response?.statusText ?? '',
    headers: headerPairs(exchange.responseHeaders),
    resource_type: resourceType,
    ...where(),
    ...(cache === undefined ? {} : { from_cache: true, cache }),
    ...(response?.fromServiceWorker ? { from_service_worker: true } : {}),
    ...(exchange.routed ? { routed: exchange.routed } : {}),
    ...(remote === undefined ? {} : { remote }),
    ...(response?.protocol ? { protocol: response.protocol } : {}),
    ...(security ? { tls: security } : {}),
    ...(timing ? { timing } : {}),
    ...(exchange.transferBytes === undefined || exchange.transferBytes < 0 ? {} : { transfer_bytes: exchange.transferBytes }),
    ...(exchange.stream?.timed ? { chunks: exchange.stream.chunks as Json } : {}),
    duration_ms: Math.max(0, endMs - startMs),
    ...(body && 'missing' in body ? { body_missing: body.missing } : {}),
    ...extra,
  };
  write(session, 'network.response', payload, body, response?.mimeType || mediaTypeOf(exchange.responseHeaders, 'application/octet-stream'), exchange, endMs);
}

/** Writes that an exchange came to nothing, or that its transfer broke after the answer had been written. */
export function writeFailed(session: Session, exchange: Exchange, error: string, endMs: number, extra: Payload = {}): void {
  writeRequest(session, exchange);
  exchange.ended = true;
  const { id, method, url, resourceType, where, stepId } = exchange.begun;
  const payload: Payload = {
    request_id: id,
    method,
    url,
    error,
    resource_type: resourceType,
    ...where(),
    ...(exchange.routed ? { routed: exchange.routed } : {}),
    ...extra,
  };
  session.append('network.failed', payload, { stepId, ts: session.recorder.tsOf(endMs) });
}

/** Which of the browser's caches answered, if one did. */
function cacheOf({ response, fromMemory, extra }: Exchange): string | undefined {
  if (fromMemory) return 'memory';
  if (response?.fromPrefetchCache) return 'prefetch';
  if (response?.fromDiskCache) return 'disk';
  return extra?.statusCode === 304 && response?.status === 200 ? 'validated' : undefined;
}

function write(session: Session, kind: string, payload: Payload, body: Body | undefined, mediaType: string, exchange: Exchange, atMs: number): void {
  const place = { stepId: exchange.begun.stepId, ts: session.recorder.tsOf(atMs) };
  if (!body || 'missing' in body || (body.data.length === 0 && !body.truncated)) {
    session.append(kind, payload, place);
    return;
  }
  const content: ContentField = { field: 'body', data: body.data, mediaType, ...(body.truncated ? { truncated: body.truncated } : {}) };
  session.appendContent(kind, payload, [content], place);
}
