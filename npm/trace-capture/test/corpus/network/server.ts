import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { bytes, digest } from './bytes.js';

/** The site of the corpus. `near` and `far` are two sites for the browser, served by one process. */
export interface Site {
  readonly near: string;
  readonly far: string;
  /** How often a path was asked for. */
  hits(path: string): number;
  stop(): void;
}

type Answer = (response: ServerResponse, request: IncomingMessage, body: Buffer, url: URL) => unknown;

export const MEGABYTE = 1024 * 1024;
export const ZSTD_WORDS = 'zstd says hello, hello, hello, hello, hello';
export const WORDS = 'the same words again and again '.repeat(200);
/** The text of `ZSTD_WORDS` by a compressor that Node 20 does not have. */
const ZSTD = Buffer.from('KLUv/QRYtQAAgHpzdGQgc2F5cyBoZWxsbywBABSWJdHff7E=', 'base64');

const text = (response: ServerResponse, type: string, data: string | Buffer, headers: Record<string, string> = {}): unknown =>
  response.writeHead(200, { 'content-type': type, ...headers }).end(data);
const html = (response: ServerResponse, data: string): unknown => text(response, 'text/html; charset=utf-8', `<!doctype html>${data}`);
const script = (response: ServerResponse, data: string): unknown => text(response, 'text/javascript', data);
const hop = (response: ServerResponse, status: number, location: string, ...cookies: string[]): unknown =>
  response.writeHead(status, { location, ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}) }).end();

const SERVICE_WORKER = `
addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  const { pathname } = new URL(event.request.url);
  if (pathname === '/made-by-worker') event.respondWith(new Response('made by the worker'));
  if (pathname === '/through-worker') event.respondWith(fetch('/plain?by=service'));
});`;
const SHARED_WORKER = `
onconnect = async ({ ports: [port] }) => {
  let said;
  for (let n = 1; n <= 20; n++) said = await (await fetch('/plain?by=shared' + n)).text();
  const socket = new WebSocket(location.origin.replace('http', 'ws') + '/socket?by=shared');
  socket.onopen = () => socket.send('ping');
  socket.onmessage = ({ data }) => { port.postMessage(said + data); socket.onmessage = null; };
};`;

const ANSWERS: Readonly<Record<string, Answer>> = {
  '/favicon.ico': (response) => response.writeHead(204).end(),
  '/': (response) => html(response, '<title>Start</title>'),
  '/next': (response) => html(response, '<title>Next</title>'),
  '/plain': (response, _request, _body, url) => text(response, 'text/plain', `plain ${url.search}`),
  '/hop/1': (response) => hop(response, 302, '/hop/2', 'first=1; Path=/'),
  '/hop/2': (response) => hop(response, 302, '/landed', 'second=2; Path=/', 'third=3; Path=/'),
  '/landed': (response) => html(response, '<title>Landed</title>'),
  '/see-other': (response) => hop(response, 303, '/echo?after=303'),
  '/keep-method': (response) => hop(response, 307, '/echo?after=307'),
  '/bytes': (response, _request, _body, url) => text(response, 'application/octet-stream', bytes(Number(url.searchParams.get('size')), Number(url.searchParams.get('seed') ?? 1))),
  '/echo': (response, request, body) => text(response, 'application/json', JSON.stringify({ method: request.method, size: body.length, digest: digest(body) })),
  '/latin': (response) => text(response, 'text/plain; charset=iso-8859-1', Buffer.from([0x63, 0x61, 0x66, 0xe9, 0x20, 0xff])),
  '/gzip': (response) => text(response, 'text/plain', gzipSync(WORDS), { 'content-encoding': 'gzip' }),
  '/br': (response) => text(response, 'text/plain', brotliCompressSync(WORDS), { 'content-encoding': 'br' }),
  '/zstd': (response) => text(response, 'text/plain', ZSTD, { 'content-encoding': 'zstd' }),
  '/ticks': (response) => ticks(response, 10, true),
  '/endless': (response) => ticks(response, 5, false),
  '/drip': (response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('first piece, ');
    const timer = setInterval(() => response.write('another, '), 300);
    response.on('close', () => clearInterval(timer));
  },
  '/never': () => undefined,
  '/worker.js': (response) => script(response, "fetch('/plain?by=worker').then((answer) => answer.text()).then(postMessage)"),
  '/shared.js': (response) => script(response, SHARED_WORKER),
  '/service.js': (response) => script(response, SERVICE_WORKER),
  '/frame': (response, request) => html(response, `<title>Outer</title><iframe src="http://localhost:${request.headers.host?.split(':')[1] ?? ''}/inner"></iframe>`),
  '/inner': (response) => html(response, "<p>inner</p><script>fetch('/plain?by=frame').then(() => { document.title = 'done'; document.body.append('fetched') })</script>"),
  '/popup': (response) => html(response, "<title>Popup</title><body><script>fetch('/plain?by=popup').then(() => document.body.append('fetched'))</script>"),
  '/file': (response) => text(response, 'application/octet-stream', bytes(20_000, 9), { 'content-disposition': 'attachment; filename="report.bin"' }),
  '/cors': (response, request) => {
    const allowed = { 'access-control-allow-origin': request.headers.origin ?? '*', 'access-control-allow-headers': 'x-extra', 'access-control-allow-methods': 'PUT' };
    text(response, 'text/plain', request.method === 'OPTIONS' ? '' : 'across origins', allowed);
  },
  '/closed': (response) => text(response, 'text/plain', 'not for others'),
  '/etag': (response, request) => (request.headers['if-none-match'] ? response.writeHead(304, { etag: '"1"' }).end() : text(response, 'text/plain', 'validated text', { etag: '"1"', 'cache-control': 'no-cache' })),
  '/fresh': (response) => text(response, 'text/plain', 'kept by the cache', { 'cache-control': 'max-age=600' }),
  '/later': (response) => text(response, 'text/html', '<!doctype html><title>Later</title>', { 'cache-control': 'max-age=600' }),
  '/prefetch': (response) => html(response, '<title>Prefetch</title><link rel="prefetch" href="/later"><a href="/later">later</a>'),
  '/secret': (response, request) => (request.headers.authorization ? html(response, '<title>Let in</title>') : response.writeHead(401, { 'www-authenticate': 'Basic realm="corpus"' }).end('who are you?')),
};

function ticks(response: ServerResponse, count: number, ends: boolean): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let number = 0;
  const timer = setInterval(() => {
    number += 1;
    response.write(`data: tick ${number}\n\n`);
    if (number < count) return;
    clearInterval(timer);
    if (ends) response.end();
  }, 50);
}

/** Just enough of a WebSocket: answers the first frame with text, bytes and two empty frames, then closes with a code. */
function upgrade(request: IncomingMessage, socket: Socket): void {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  socket.once('data', () => {
    socket.write(Buffer.from([0x81, 4, ...Buffer.from('pong'), 0x82, 3, 0, 128, 255, 0x81, 0, 0x82, 0]));
    if (!request.url?.includes('by=shared')) socket.write(Buffer.from([0x88, 6, 0x0f, 0xa1, ...Buffer.from('done')]));
  });
  socket.on('error', () => socket.destroy());
}

/** Serves the corpus on a free port of this machine. */
export async function startSite(): Promise<Site> {
  const hits = new Map<string, number>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://site');
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      hits.set(url.pathname, (hits.get(url.pathname) ?? 0) + 1);
      const answer = ANSWERS[url.pathname];
      if (answer) answer(response, request, Buffer.concat(parts), url);
      else response.writeHead(404).end();
    });
  });
  server.on('upgrade', upgrade);
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    near: `http://127.0.0.1:${port}`,
    far: `http://localhost:${port}`,
    hits: (path) => hits.get(path) ?? 0,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
