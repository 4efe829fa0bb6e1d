import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What one path answers: markup, or a function for answers that arrive in pieces or carry headers. */
export type Answer = string | ((request: IncomingMessage, response: ServerResponse) => void);

/** A private web server; `near` and `far` are two sites for the browser, so a frame of `far` is out of process. */
export interface Site {
  readonly near: string;
  readonly far: string;
  close(): Promise<void>;
}

/** Serves the given paths on 127.0.0.1 until closed. `NEAR` and `FAR` in markup become the two origins. */
export async function serve(paths: Readonly<Record<string, Answer>>): Promise<Site> {
  const server = createServer((request, response) => {
    const answer = paths[new URL(request.url ?? '/', 'http://x').pathname];
    const port = (server.address() as AddressInfo).port;
    if (request.url === '/favicon.ico') response.writeHead(204).end();
    else if (answer === undefined) response.writeHead(404).end();
    else if (typeof answer === 'function') answer(request, response);
    else html(response, answer.replaceAll('NEAR', near(port)).replaceAll('FAR', far(port)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { near: near(port), far: far(port), close: () => closed(server) };
}

/** Sends markup as one answer. */
export function html(response: ServerResponse, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(text);
}

function near(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function far(port: number): string {
  return `http://localhost:${port}`;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
