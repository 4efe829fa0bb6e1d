import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import { parseFrame } from '../src/server/websocket.js';
import { Stack } from './support/stack.js';

test('a client frame is unmasked, awaited or refused', () => {
  // RFC 6455, section 5.7: a masked text frame with "Hello".
  const hello = Buffer.from([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
  assert.deepEqual(parseFrame(hello), { opcode: 1, payload: Buffer.from('Hello'), bytes: 11 });
  for (let n = 0; n < hello.length; n += 1) assert.equal(parseFrame(hello.subarray(0, n)), 'more');
  assert.equal(parseFrame(Buffer.from([0x81, 0x05, 0x48])), 'broken', 'an unmasked frame');
  assert.equal(parseFrame(Buffer.from([0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0])), 'broken', 'a frame too long');
});

test('watchers of the stock hear of a delivery', async (t) => {
  const stack = await Stack.start(t);
  const cookie = await stack.signIn('ada@example.test');
  // The key and its answer are the example of RFC 6455, section 1.3.
  const handshake = request(`${stack.shop.url}/ws/stock`, {
    headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' },
  }).end();
  const [answer, stream] = (await once(handshake, 'upgrade')) as [IncomingMessage, Duplex];
  t.after(() => stream.destroy());
  assert.equal(answer.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  assert.equal((await stack.post('/api/warehouse/deliveries', { sku: 'mug', pieces: 3 }, cookie)).status, 201);
  const [frame] = (await once(stream, 'data')) as [Buffer];
  assert.equal(frame.subarray(2).toString('utf8'), '{"sku":"mug","stock":15}');
  stream.write(Buffer.from([0x88, 0x80, 0, 0, 0, 0]));
  await once(stream, 'end');
});
