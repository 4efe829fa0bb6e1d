import type { ContentField } from '../native.js';
import type { Session } from '../session.js';
import type { Payload } from '../values.js';
import type { Body, Exchange } from './exchange.js';
import { declared, headerPairs, mediaTypeOf, timings } from './exchange.js';

/** Writes the request of an exchange, once. */
export function writeRequest(session: Session, exchange: Exchange): void {
  if (exchange.requestWritten) return;
  exchange.requestWritten = true;
  session.seen.add('network');
  const { id, method, url, page, worker, redirectedFrom } = exchange;
  const requestBody = declared(exchange.requestBody, exchange.requestHeaders);
  const payload: Payload = {
    request_id: id,
    method,
    url,
    resource_type: exchange.resourceType,
    headers: headerPairs(exchange.requestHeaders),
    ...(page === undefined ? {} : { page }),
    ...(worker === undefined ? {} : { worker }),
    ...(redirectedFrom === undefined ? {} : { redirected_from: redirectedFrom }),
    ...(requestBody && 'missing' in requestBody ? { body_missing: requestBody.missing } : {}),
  };
  write(session, 'network.request', payload, requestBody, mediaTypeOf(exchange.requestHeaders, 'application/octet-stream'), exchange, exchange.startMs);
}

/** Writes the answer of an exchange, after its request. */
export function writeResponse(session: Session, exchange: Exchange, body: Body | undefined, endMs: number, extra: Payload = {}): void {
  const { response } = exchange;
  if (!response || exchange.ended) return;
  writeRequest(session, exchange);
  exchange.ended = true;
  const headers = exchange.responseHeaders ?? response.headers;
  const timing = timings(response.timing);
  const remote = response.remoteIPAddress ? `${response.remoteIPAddress}:${response.remotePort ?? 0}` : undefined;
  const payload: Payload = {
    request_id: exchange.id,
    method: exchange.method,
    url: exchange.url,
    status: exchange.responseStatus ?? response.status,
    status_text: response.statusText,
    headers: headerPairs(headers),
    resource_type: exchange.resourceType,
    ...(exchange.fromCache || response.fromDiskCache || response.fromPrefetchCache ? { from_cache: true } : {}),
    ...(response.fromServiceWorker ? { from_service_worker: true } : {}),
    ...(remote === undefined ? {} : { remote }),
    ...(response.protocol ? { protocol: response.protocol } : {}),
    ...(timing ? { timing } : {}),
    ...(exchange.page === undefined ? {} : { page: exchange.page }),
    duration_ms: Math.max(0, endMs - exchange.startMs),
    ...(body && 'missing' in body ? { body_missing: body.missing } : {}),
    ...extra,
  };
  write(session, 'network.response', payload, body, response.mimeType || mediaTypeOf(headers, 'application/octet-stream'), exchange, endMs);
}

/** Writes that an exchange came to nothing. */
export function writeFailed(session: Session, exchange: Exchange, error: string, endMs: number, extra: Payload = {}): void {
  if (exchange.ended) return;
  writeRequest(session, exchange);
  exchange.ended = true;
  const { id, method, url } = exchange;
  session.append('network.failed', { request_id: id, method, url, error, resource_type: exchange.resourceType, ...extra }, { stepId: exchange.stepId, ts: session.recorder.tsOf(endMs) });
}

function write(session: Session, kind: string, payload: Payload, body: Body | undefined, mediaType: string, exchange: Exchange, atMs: number): void {
  const place = { stepId: exchange.stepId, ts: session.recorder.tsOf(atMs) };
  if (!body || 'missing' in body || body.data.length === 0) {
    session.append(kind, payload, place);
    return;
  }
  const content: ContentField = { field: 'body', data: body.data, mediaType, ...(body.truncated ? { truncated: body.truncated } : {}) };
  session.appendContent(kind, payload, [content], place);
}
