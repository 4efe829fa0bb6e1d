/** One app a plant, on one loopback port: `/NAME/` is its page, `/NAME/CALL` what that asks. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { PLANTS } from './plants.mjs';
import { World } from './world.mjs';

const IN_TURN = "const told = []; for (const call of ['before', 'a', 'after']) told.push(await ask(call)); show(told.join('|'));";
const EVENT_MS = 60;

/** Path of a plant's app. */
export const pathOf = ({ name }) => `/${name.replaceAll(' ', '-')}/`;

function page({ name, script = IN_TURN, ok }, note) {
  return `<!doctype html><meta charset=utf-8><title>${name}</title><h1>${name}</h1><button id=go>Go</button><output id=out>none</output><p id=ok></p><!-- ${note} --><script>
const at = (call) => location.href + call;
const ask = async (call) => { try { const answer = await fetch(at(call)); return answer.status + ' ' + await answer.text(); } catch { return 'nothing'; } };
const show = (text) => { document.getElementById('ok').textContent = text.includes(${JSON.stringify(ok ?? '')}); document.getElementById('out').textContent = 'said ' + text; };
document.getElementById('go').onclick = async () => { ${script} };</script><script src=script.js></script>`;
}

const after = async (ms) => await new Promise((done) => setTimeout(done, ms));

/** What the app of a plant answers to a call. */
async function answer({ plant, world }, call, response) {
  const json = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  if (call === '') return response.writeHead(200, { 'content-type': 'text/html' }).end(page(plant, plant.name === 'document' ? plant.answer(world, call) : 'one'));
  if (call === 'script.js') return response.writeHead(200, { 'content-type': 'text/javascript' }).end(`// ${plant.name === 'script' ? plant.answer(world, call) : 'one'}`);
  const isPlain = plant.from === 1 || !plant.touched.some((touched) => touched.split('?')[0] === call.split('?')[0]);
  const said = isPlain ? { call } : plant.answer(world, call);
  if (said.cutOff) return response.socket.destroy();
  if (said.wait) await after(said.wait);
  if (said.events) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of said.events) {
      response.write(`data: ${event}\n\n`);
      await after(EVENT_MS);
    }
    return response.end();
  }
  if (!said.reply) return response.writeHead(200, json).end(JSON.stringify(said));
  const { status, headers, text } = said.reply;
  return response.writeHead(status, { ...json, ...headers }).end(text ?? JSON.stringify(said.reply.json));
}

/** Texts over a WebSocket, by RFC 6455 without extensions. */
async function speak({ plant, world }, request, raw) {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  raw.on('error', () => undefined);
  raw.on('data', (frame) => (frame[0] & 0x0f) === 8 && raw.end(Buffer.from([0x88, 0])));
  raw.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  for (const frame of plant.answer(world, 'a').frames) {
    await after(EVENT_MS);
    raw.write(Buffer.concat([Buffer.from([0x81, frame.length]), Buffer.from(frame)]));
  }
}

/** Starts them on a free port of the loopback address. `begin` says how the next run of one app is. */
export async function startLeaks() {
  const apps = new Map(PLANTS.map((plant) => [pathOf(plant), { plant, world: new World(plant.kind) }]));
  const appOf = (request) => apps.get(/^\/[^/]*\//.exec(request.url)?.[0]);
  const server = createServer((request, response) => {
    const app = appOf(request);
    if (!app) return response.writeHead(404).end();
    answer(app, request.url.slice(pathOf(app.plant).length), response).catch(() => response.destroy());
  });
  server.on('upgrade', (request, raw) => {
    const app = appOf(request);
    if (app) void speak(app, request, raw);
    else raw.destroy();
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    begin: (plant, loose) => apps.get(pathOf(plant)).world.begin(loose),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
