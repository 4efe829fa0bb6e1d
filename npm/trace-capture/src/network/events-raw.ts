import type { Request, Response } from '@playwright/test';
import { atMost } from '../wait.js';
import type { RawHeaders, RawResponse, RawTiming } from './types.js';

const DETAILS_MS = 2_000;

/** Headers in the shape of the debugging protocol, which joins repeats with a newline. */
export function rawHeaders(headers: readonly { readonly name: string; readonly value: string }[]): RawHeaders {
  const joined = new Map<string, string>();
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    const before = joined.get(key);
    joined.set(key, before === undefined ? value : `${before}\n${value}`);
  }
  return Object.fromEntries(joined);
}

/** What Playwright knows of an answer at once. */
export function answerOf(response: Response): RawResponse {
  const headers = response.headers();
  const mimeType = (headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  return { url: response.url(), status: response.status(), statusText: response.statusText(), headers, mimeType, fromServiceWorker: response.fromServiceWorker() };
}

/** What Playwright tells of an answer, in the shape of the debugging protocol, so that one writer serves both. */
export async function rawResponse(request: Request, response: Response): Promise<RawResponse> {
  const [address, security] = await Promise.all([atMost(DETAILS_MS, response.serverAddr()), atMost(DETAILS_MS, response.securityDetails())]);
  return {
    ...answerOf(response),
    ...(address ? { remoteIPAddress: address.ipAddress, remotePort: address.port } : {}),
    ...(security?.protocol ? { securityDetails: { protocol: security.protocol, cipher: '', subjectName: security.subjectName ?? '', issuer: security.issuer ?? '' } } : {}),
    timing: rawTiming(request),
  };
}

function rawTiming(request: Request): RawTiming {
  const timing = request.timing();
  return {
    requestTime: timing.startTime,
    dnsStart: timing.domainLookupStart, dnsEnd: timing.domainLookupEnd,
    connectStart: timing.connectStart, connectEnd: timing.connectEnd,
    sslStart: timing.secureConnectionStart, sslEnd: timing.secureConnectionStart < 0 ? -1 : timing.connectEnd,
    sendStart: timing.requestStart, sendEnd: timing.requestStart, receiveHeadersEnd: timing.responseStart,
  };
}
