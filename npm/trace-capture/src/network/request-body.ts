import { setTimeout as delay } from 'node:timers/promises';
import { atMost } from '../wait.js';
import type { Cdp } from './cdp-session.js';
import type { Body } from './exchange.js';
import { limited } from './exchange.js';
import type { WillBeSent } from './types.js';

const BODY_MS = 10_000;
const PAUSES_MS = [50, 200, 800];

interface PostData {
  readonly postData?: string;
  readonly base64Encoded?: boolean;
}

/** The body that came with the request's own event, when that is whole. */
export function inlineBody({ request }: WillBeSent, limit: number): Body | undefined {
  const parts = request.postDataEntries?.map(({ bytes }) => bytes) ?? [];
  if (parts.length === 0 || !parts.every((bytes) => bytes !== undefined)) return undefined;
  return limited(Buffer.concat(parts.map((bytes) => Buffer.from(bytes ?? '', 'base64'))), limit);
}

/** Asks for the body of a request. */
export async function askRequestBody(cdp: Cdp, { requestId, request }: WillBeSent): Promise<Buffer | undefined> {
  const answer = await atMost(BODY_MS, patiently(cdp, requestId));
  if (answer?.postData !== undefined) return Buffer.from(answer.postData, answer.base64Encoded ? 'base64' : 'utf8');
  return request.postData === undefined ? undefined : Buffer.from(request.postData, 'utf8');
}

/**
 * A refusal may only mean that the upload is still being read: on a busy machine one body in some hundred was missing
 * when it was asked for once. It is asked for again a few times.
 */
async function patiently(cdp: Cdp, requestId: string): Promise<PostData> {
  for (const pause_ms of PAUSES_MS) {
    const answer = await cdp.send('Network.getRequestPostData', { requestId }).catch(() => undefined);
    if (answer !== undefined) return answer as PostData;
    await delay(pause_ms);
  }
  return (await cdp.send('Network.getRequestPostData', { requestId })) as PostData;
}
