/** The application that has the secrets: it hands them out in the places that are made for secrets, and takes anything. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

/** Not one of the encodings that are looked for, so that the page can have the values before the recorder knows them. */
export const veiled = (text) => Buffer.from(text).map((byte) => byte ^ 0x5a).toString('base64');

const PAGE = `<!doctype html><title>Secrets</title><p>Ready</p><label>Password <input type="password"></label><input id="note"><ul></ul>`;

/** Starts it on a free port of loopback. */
export async function startSite(secrets, told) {
  const of = (kind) => secrets.filter((secret) => secret.kind === kind);
  const fields = of('csrf').map(({ value }) => `<input type="hidden" name="csrf_token" value="${value}">`).join('');
  const pages = {
    '/': ['text/html', PAGE + fields],
    '/materials': ['application/json', JSON.stringify(secrets.map(({ kind, value, text }) => ({ kind, value: veiled(value), text: veiled(text) })))],
    '/login': ['application/json', JSON.stringify(of('json').map(({ value }) => ({ user: 'ada', access_token: value })))],
    '/told.txt': ['text/plain', told.join('\n')],
    '/told.html': ['text/html', told.map((text) => `<p title="${text.replaceAll('"', '&quot;')}">${text.replaceAll('<', '&lt;')}</p>`).join('\n')],
    '/told.json': ['application/json', JSON.stringify({ notes: told })],
    '/told.ndjson': ['application/x-ndjson', told.map((note) => JSON.stringify({ note })).join('\n')],
    '/told.js': ['text/javascript', told.map((text) => `void ${JSON.stringify(text)};`).join('\n')],
    '/told.sse': ['text/event-stream', told.map((text) => `data: ${JSON.stringify(text)}\n\n`).join('')],
  };
  // Some texts travel in addresses and headers.
  const server = createServer({ maxHeaderSize: 256 * 1024 }, (request, response) => {
    const { pathname } = new URL(request.url, 'http://secrets');
    const cookies = pathname === '/cookies' ? of('cookie').map(({ value }, n) => `c${n}=${value}; Path=/nowhere; HttpOnly`) : [];
    const [type, body] = pages[pathname] ?? ['text/plain', 'taken'];
    request.resume().on('end', () => response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}) }).end(body));
  });
  server.on('upgrade', (request, socket) => {
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.on('error', () => undefined).resume();
    for (const text of told) socket.write(frame(Buffer.from(text)));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => { server.close(); server.closeAllConnections(); } };
}

/** A text message of a WebSocket server. */
function frame(text) {
  if (text.length < 126) return Buffer.concat([Buffer.from([0x81, text.length]), text]);
  // RFC 6455 wants the shortest form of a length, and Chromium closes a socket that uses another.
  const short = text.length < 0x1_0000;
  const head = short ? Buffer.from([0x81, 126, 0, 0]) : Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  if (short) head.writeUInt16BE(text.length, 2);
  else head.writeUInt32BE(text.length, 6);
  return Buffer.concat([head, text]);
}
