import { createHash } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** A site whose every answer depends on how often it was asked, so that an answer out of a record differs from one of its own. */
export interface Site {
  readonly url: string;
  /** What it was asked, in order. */
  readonly asked: string[];
  /** Forgets who has signed in, as a server does that is started anew. */
  forget(): void;
  close(): Promise<void>;
}

type Handle = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const page = (title: string, body = '', script = ''): string => `<!doctype html><title>${title}</title><link rel="icon" href="data:,"><h1>${title}</h1>${body}<script>${script}</script>`;

const STREAMS = `
  const log = (id, text) => document.getElementById(id).append(text + ' ');
  new EventSource('/events').onmessage = ({ data }) => log('events', data);
  const socket = new WebSocket(location.origin.replace('http', 'ws') + '/socket');
  socket.onmessage = ({ data }) => log('socket', data);
  document.querySelector('button').onclick = () => socket.send('ping');`;

const KEPT = `
  const field = document.querySelector('input');
  document.querySelector('button').onclick = () => {
    localStorage.setItem('note', field.value);
    sessionStorage.setItem('saved', 'yes');
    history.pushState({ saved: field.value }, '', '/kept?saved');
  };
  document.querySelector('p').textContent = localStorage.getItem('note') ?? 'nothing';`;

const WIZARD = `document.querySelector('button').onclick = ({ target }) => target.replaceWith(Object.assign(document.createElement('button'), { textContent: 'Second' }));`;

const SHARED = `onconnect = ({ ports: [port] }) => fetch('/count').then((answer) => answer.json()).then(({ n }) => port.postMessage(n));`;

const IN_WORKER = `
  const clock = () => String(Date[Symbol.for('molar.replay.clock')]?.by_ms);
  const begin = (port) => {
    const socket = new WebSocket((location.protocol === 'blob:' ? location.origin : location.href).replace(/^(http)/, 'ws').replace(/\\/[a-z]+.js$/, '') + '/chat');
    socket.onmessage = ({ data }) => port.postMessage({ data, clock: clock() });
    port.onmessage = ({ data }) => socket.send(data);
  };`;
const SLOPPY = `${IN_WORKER} begin(self);`;
const WORKER = `/* as it says */ 'use strict'; if ((function () { return this; })()) throw new Error('not strict'); ${SLOPPY}`;
const SHARED_SOCKET = `${IN_WORKER} onconnect = ({ ports: [port] }) => begin(port);`;

const NESTING = `
  const inner = new Worker(URL.createObjectURL(new Blob([${JSON.stringify(SLOPPY)}])));
  inner.onmessage = ({ data }) => postMessage(data);
  onmessage = ({ data }) => inner.postMessage(data);`;

const WORKERS = `
  const log = (name, { data: { data, clock } }) => {
    const same = clock === String(Date[Symbol.for('molar.replay.clock')]?.by_ms);
    document.getElementById(name).append(data.replace(/(hello|pong)\\d+/, '$1') + (same ? '' : ' other-clock') + ' ');
  };
  const blob = URL.createObjectURL(new Blob([${JSON.stringify(SLOPPY)}]));
  const workers = { plain: new Worker('/worker.js'), module: new Worker('/worker.js', { type: 'module' }), blob: new Worker(blob), nested: new Worker('/nesting.js'), shared: new SharedWorker('/ports.js').port };
  for (const [name, worker] of Object.entries(workers)) worker.onmessage = (event) => log(name, event);
  document.querySelector('button').onclick = () => Object.values(workers).forEach((worker) => worker.postMessage('ping'));`;

/** Starts the site on a free port. */
export async function startSite(): Promise<Site> {
  const asked: string[] = [];
  const counts = new Map<string, number>();
  const members = new Set<string>();
  const isMember = (request: IncomingMessage): boolean => members.has(/member=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? '');
  const next = (name: string): number => {
    const n = (counts.get(name) ?? 0) + 1;
    counts.set(name, n);
    return n;
  };
  const html = (response: ServerResponse, text: string): void => void response.writeHead(200, { 'content-type': 'text/html' }).end(text);
  const json = (response: ServerResponse, value: object): void => void response.writeHead(200, { 'content-type': 'application/json', 'access-control-allow-origin': '*' }).end(JSON.stringify(value));
  const routes: Readonly<Record<string, Handle>> = {
    '/': (_, response) => html(response, page('Start', '<form method="post" action="/login"><button>Sign in</button></form>')),
    '/login': (_, response) => void response.writeHead(302, { location: '/home', 'set-cookie': [`sid=s${next('login')}; HttpOnly; Path=/`, 'theme=dark; Path=/'] }).end(),
    '/home': (request, response) => html(response, page(`Home ${next('home')}`, `<p>${/sid=s\d+/.exec(request.headers.cookie ?? '')?.[0] ?? 'nobody'}</p>`)),
    '/count': (_, response) => json(response, { n: next('count') }),
    '/item': (_, response, body) => json(response, { n: next('item'), body }),
    '/moved': (_, response) => void response.writeHead(302, { location: '/landed' }).end(),
    '/landed': (_, response) => json(response, { landed: true }),
    '/stamp': (_, response) => json(response, { n: next('stamp') }),
    '/shared.js': (_, response) => void response.writeHead(200, { 'content-type': 'text/javascript' }).end(SHARED),
    '/worker.js': (_, response) => void response.writeHead(200, { 'content-type': 'text/javascript' }).end(WORKER),
    '/nesting.js': (_, response) => void response.writeHead(200, { 'content-type': 'text/javascript' }).end(NESTING),
    '/ports.js': (_, response) => void response.writeHead(200, { 'content-type': 'text/javascript' }).end(SHARED_SOCKET),
    '/workers': (_, response) => html(response, page('Workers', '<p id="plain"></p><p id="module"></p><p id="blob"></p><p id="nested"></p><p id="shared"></p><button>Ping</button>', WORKERS)),
    '/small': (_, response) => html(response, page(`Small ${next('small')}`)),
    '/streams': (_, response) => html(response, page('Streams', '<p id="events"></p><p id="socket"></p><button>Ping</button>', STREAMS)),
    '/kept': (_, response) => void response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': `visit=${next('kept')}; HttpOnly` }).end(page('Kept', '<p></p><input name="note"><button>Save</button>', KEPT)),
    '/wizard': (_, response) => html(response, page('Wizard', '<button>First</button>', WIZARD)),
    '/enter': (_, response) => {
      const name = `m${next('enter')}`;
      members.add(name);
      response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': `member=${name}; HttpOnly; Path=/` }).end('{}');
    },
    '/members': (request, response) => (isMember(request) ? html(response, page('Members')) : void response.writeHead(401).end()),
    '/secret': (request, response) => (isMember(request) ? json(response, { n: 7 }) : void response.writeHead(401, { 'content-type': 'application/json' }).end('{"n":0}')),
    '/pixel': (_, response) => json(response, { pixel: next('pixel') }),
    '/events': (_, response) => {
      const run = next('events');
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      [1, 2, 3].forEach((n) => setTimeout(() => response.write(`data: run${run}-${n}\n\n`), n * 40));
    },
  };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const { pathname } = new URL(request.url ?? '', 'http://site');
      asked.push(`${request.method} ${pathname}`);
      const handle = routes[pathname];
      if (handle) handle(request, response, body);
      else response.writeHead(404).end();
    });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    asked.push(`SOCKET ${request.url}`);
    talk(request, socket, next(`socket ${request.url}`));
  });
  return { url: await listening(server), asked, forget: () => members.clear(), close: async () => await closed(server) };
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** The little of RFC 6455 that short text messages need. */
function talk(request: IncomingMessage, socket: Duplex, connection: number): void {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  const say = (text: string): void => void socket.write(Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]));
  let pings = 0;
  say(`hello${connection}`);
  socket.on('error', () => socket.destroy());
  socket.on('data', (frame: Buffer) => {
    if (((frame[0] ?? 0) & 0x0f) === 8) return void socket.end();
    pings += 1;
    say(`pong${connection}-${pings}`);
  });
}
