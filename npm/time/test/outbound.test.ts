// A replayed request that calls other services: own ones go on with its clock, strangers learn nothing.
import assert from 'node:assert/strict';
import dns from 'node:dns';
import http, { createServer } from 'node:http';
import { after, test } from 'node:test';
import { REPLAY_HEADER, time, verifyReplayHeader } from '@molar/time';
import { isOwnHost } from '../dist/hosts.js';
import { listening } from './support/apps.js';
import { LEAP, SECRET, header } from './support/ask.js';
import { Served } from './support/served.js';

process.env['MOLAR_REPLAY_SECRET'] = SECRET;

/** A service that notes the header of each call, and sends `/away` on to a stranger. */
const got: { path: string; header: string | undefined }[] = [];
const service = listening(createServer((request, response) => {
  got.push({ path: request.url ?? '', header: [request.headers[REPLAY_HEADER]].flat()[0] });
  if (request.url === '/away') response.writeHead(307, { location: `http://stranger.example:${request.socket.localPort}/redirected` });
  response.end();
}));

// A name that is nobody's own, answered from here: the test must see what a stranger would get.
const realLookup = dns.lookup;
Object.assign(dns, {
  lookup(host: string, options: unknown, told: (error: Error | null, address: unknown, family?: number) => void) {
    if (host !== 'stranger.example') return (realLookup as (...args: unknown[]) => void)(host, options, told);
    const all = (options as { all?: boolean }).all;
    process.nextTick(() => (all ? told(null, [{ address: '127.0.0.1', family: 4 }]) : told(null, '127.0.0.1', 4)));
  },
});
const served = new Served([time]);
after(async () => {
  await served.close();
  await (await service).close();
});

function ended(request: http.ClientRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    request.once('response', (response) => response.resume().once('end', resolve)).once('error', reject);
  });
}

const CALLS: [string, (url: string) => Promise<unknown>][] = [
  ['fetch', (url) => fetch(url).then((response) => response.text())],
  ['fetch of a Request', (url) => fetch(new Request(url, { method: 'POST', body: 'x', headers: { a: 'b' } })).then((response) => response.text())],
  ['http.request', (url) => { const made = http.request(url); made.end(); return ended(made); }],
  ['http.request with options', (url) => { const made = http.request({ ...parts(url), method: 'POST', headers: { a: 'b' } }); made.end('x'); return ended(made); }],
  ['http.get', (url) => ended(http.get(url))],
  ['http.get with options and callback', (url) => new Promise((resolve) => http.get(url, { headers: { a: 'b' } }, (response) => response.resume().once('end', resolve)))],
];

function parts(url: string): { host: string; port: string; path: string } {
  const { hostname, port, pathname } = new URL(url);
  return { host: hostname, port, path: pathname };
}

for (const [what, call] of CALLS) {
  test(`${what} carries the header to an own service, and not to a stranger`, async () => {
    const { url } = await service;
    const stranger = url.replace('127.0.0.1', 'stranger.example');
    got.length = 0;
    await served.within(header({ t: LEAP, seq: 3 }), async () => {
      await call(`${url}/own`);
      await call(`${stranger}/stranger`);
    });
    await call(`${url}/outside`);
    assert.deepEqual(got.map(({ path, header }) => [path, verifyReplayHeader(header, SECRET) ?? header]), [
      ['/own', { run: 'run_1', t: LEAP, mode: 'fixed', seq: '3.1' }],
      ['/stranger', undefined],
      ['/outside', undefined],
    ]);
  });
}

test('a redirect to a stranger does not take the header along', async () => {
  const { url } = await service;
  got.length = 0;
  await served.within(header(), () => fetch(`${url}/away`).then((response) => response.text()));
  assert.deepEqual(got.map(({ path, header }) => [path, header !== undefined]), [['/away', true], ['/redirected', false]]);
});

test('calls to one place are numbered, and apart from those to others', async () => {
  const { url } = await service;
  got.length = 0;
  await served.within(header({ seq: 9 }), async () => {
    for (const path of ['/a', '/b', '/a?x=1', '/b', '/a']) await fetch(url + path).then((response) => response.text());
  });
  assert.deepEqual(got.map(({ header }) => verifyReplayHeader(header, SECRET)?.seq), ['9.1', '9.1', '9.2', '9.2', '9.3']);
});

test('a header that the application set itself is left alone, and a loop of services ends', async () => {
  const { url } = await service;
  got.length = 0;
  await served.within(header(), () => fetch(url, { headers: { [REPLAY_HEADER]: 'mine' } }).then((response) => response.text()));
  await served.within(header({ seq: Array(17).fill('1').join('.') }), () => fetch(url).then((response) => response.text()));
  assert.deepEqual(got.map(({ header }) => header), ['mine', undefined]);
});

test('which hosts are own', () => {
  const own = ['127.0.0.1', '127.8.9.1', 'localhost', 'LOCALHOST', 'api.localhost', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1',
    '[::1]', '::1', 'fd00::1', '::ffff:127.0.0.1', 'postgres', 'orders.internal', 'printer.local', 'shop.test.', 'host.docker.internal'];
  const strangers = ['8.8.8.8', '172.32.0.1', '192.169.0.1', '169.254.169.254', 'fe80::1', '2001:db8::1', '::ffff:8.8.8.8', 'example.com', 'localhost.example.com',
    'api.stripe.com', '127.0.0.1.nip.io', '127.1.example', ''];
  for (const host of own) assert.equal(isOwnHost(host), true, host);
  for (const host of strangers) assert.equal(isOwnHost(host), false, host);
});
