import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Session } from './session.js';

/** An error with the status that the browser gets. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** One request on its way through the shop. */
export interface Visit {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  session: Session | undefined;
  /** What the route's `:name` parts matched. */
  path: Record<string, string>;
}

const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** Reads a whole body of at most 2 MiB. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop must not destroy the connection, or the browser would see a reset instead of the refusal.
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    const chunk = part as Buffer;
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) {
      request.resume();
      throw new HttpError(413, 'the body is larger than 2 MiB');
    }
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

/** Reads a JSON object; everything else is the caller's mistake. */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const text = (await readBody(request)).toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new HttpError(400, `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new HttpError(400, 'the body must be a JSON object');
}

/** Answers with a status, a type and a body. */
export function answer(visit: Visit, status: number, type: string, body: string | Buffer, headers: Record<string, string | string[]> = {}): void {
  visit.response.writeHead(status, { 'content-type': type, 'content-length': String(Buffer.byteLength(body)), ...headers });
  visit.response.end(body);
}

/** Answers with JSON. */
export function json(visit: Visit, status: number, body: unknown): void {
  answer(visit, status, 'application/json; charset=utf-8', JSON.stringify(body), { 'cache-control': 'no-store' });
}

/** Answers with a page. */
export function page(visit: Visit, status: number, html: string): void {
  answer(visit, status, 'text/html; charset=utf-8', html, { 'cache-control': 'no-store' });
}

/** Sends the browser elsewhere with a GET. */
export function redirect(visit: Visit, location: string, headers: Record<string, string | string[]> = {}): void {
  visit.response.writeHead(303, { location, 'content-length': '0', ...headers });
  visit.response.end();
}

/** The signed-in visitor, or 401. */
export function signedIn(visit: Visit): Session {
  if (!visit.session) throw new HttpError(401, 'sign in first');
  return visit.session;
}
