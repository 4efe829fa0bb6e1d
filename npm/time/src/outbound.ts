import { subscribe } from 'node:diagnostics_channel';
import http from 'node:http';
import https from 'node:https';
import { current, installOnce } from './context.js';
import { REPLAY_HEADER, SECRET_VARIABLE, signReplayHeader } from './header.js';
import { isOwnHost } from './hosts.js';

/** What undici, and so `fetch`, tells about a request before it sends it. */
interface UndiciRequest {
  origin?: string | URL;
  method: string;
  path: string;
  headers: unknown;
  addHeader(name: string, value: string): void;
}

/** Makes requests that a replayed request sends to own services carry the header on. */
export function installOutbound(): void {
  installOnce('outbound', () => {
    // Told per hop of a redirect, so a service that redirects to a stranger does not give the header away.
    subscribe('undici:request:create', (message) => fetches((message as { request: UndiciRequest }).request));
    for (const client of [http, https]) signRequestsOf(client);
  });
}

function fetches(request: UndiciRequest): void {
  if (!current()) return;
  const origin = String(request.origin ?? '');
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (!url || !isOwnHost(url.hostname) || names(request.headers)) return;
  const value = headerFor(request.method, `${url.origin}${request.path}`);
  if (value !== undefined) request.addHeader(REPLAY_HEADER, value);
}

/** undici keeps headers as a string of lines, or as a list of names and values, by its version. */
function names(headers: unknown): boolean {
  const listed = Array.isArray(headers) ? headers.map(String) : String(headers).split(/\r\n|: /);
  return listed.some((text) => text.toLowerCase() === REPLAY_HEADER);
}

type Client = Pick<typeof http, 'request' | 'get'>;
type Call = (this: unknown, ...args: unknown[]) => http.ClientRequest;

function signRequestsOf(client: Client): void {
  const realRequest = client.request as Call;
  const realGet = client.get as Call;
  const request: Call = function (...args) {
    const made = realRequest.apply(this, args);
    if (current()) sign(made);
    return made;
  };
  // The real `get` sends the request before it can be signed.
  const get: Call = function (...args) {
    if (!current()) return realGet.apply(this, args);
    const made = request.apply(this, args);
    made.end();
    return made;
  };
  Object.assign(client, { request, get });
}

function sign(request: http.ClientRequest): void {
  if (request.headersSent || request.hasHeader(REPLAY_HEADER) || !isOwnHost(request.host)) return;
  const value = headerFor(request.method, `${request.protocol}//${String(request.getHeader('host') ?? request.host)}${request.path}`);
  if (value !== undefined) request.setHeader(REPLAY_HEADER, value);
}

/** The called service's clock goes on where the caller's is, and its seed is its own. */
function headerFor(method: string, address: string): string | undefined {
  const context = current();
  const secret = process.env[SECRET_VARIABLE];
  if (!context || !secret) return undefined;
  const [place = ''] = address.split('?');
  // Counted per method and place: one more call to one service must not change what the others draw.
  const ordinal = (context.calls.get(`${method} ${place}`) ?? 0) + 1;
  context.calls.set(`${method} ${place}`, ordinal);
  const { run, mode, seq, t } = context.header;
  const deeper = `${seq}.${ordinal}`;
  return seq.split('.').length > 16 ? undefined : signReplayHeader({ run, mode, seq: deeper, t: context.clock?.now() ?? t }, secret);
}
