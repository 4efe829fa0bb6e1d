import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Thrown when a body is larger than allowed; each API answers it in its own error shape. */
export class BodyTooLarge extends Error {}

/** Thrown when the client went away before its body was complete; nobody is left to answer, and nothing failed here. */
export class ClientGone extends Error {}

/** Reads a whole request body, at most `maxBytes`. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    // Leaving the loop must not destroy the connection, or the client would see a reset instead of the refusal.
    for await (const part of request.iterator({ destroyOnReturn: false })) {
      const chunk = part as Buffer;
      bytes += chunk.length;
      if (bytes > maxBytes) throw new BodyTooLarge(`the body is larger than \`${maxBytes}\` bytes`);
      parts.push(chunk);
    }
  } catch (error) {
    if (error instanceof BodyTooLarge) request.resume();
    if (error instanceof BodyTooLarge || request.complete) throw error;
    throw new ClientGone('the client closed the connection', { cause: error });
  }
  return Buffer.concat(parts);
}

/** A finished answer. */
export interface Answer { status: number; headers: Record<string, string>; body: Buffer }

/** Writes an answer; a client that has gone away is not an error of ours. */
export function send(response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const empty = answer.status === 204 || answer.status === 304;
  response.writeHead(answer.status, { ...answer.headers, ...(empty ? {} : { 'content-length': String(answer.body.length) }) });
  response.end(empty ? undefined : answer.body);
}

/** A JSON answer. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: Buffer.from(JSON.stringify(body)) };
}

/** One header as a string; the first one when it was sent twice. */
export function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Starts listening and returns the base URL. */
export async function listen(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}

/** Stops listening and cuts what is still open. */
export async function shut(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
