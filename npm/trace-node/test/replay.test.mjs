import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ReplaySource, certify } from '../dist/index.js';
import { openRecorder, privateRoot, readBack, runStart } from './support.mjs';

const APP = 'http://127.0.0.1:4000';

/** A sign-in that is redirected, then a payment whose answer holds a secret, and a socket. */
async function recorded(t, payment = 'net::ERR_CONNECTION_RESET') {
  const root = privateRoot(t);
  const start = { ...JSON.parse(runStart), test_id: 't-1', environment: { use: { baseURL: APP } } };
  const recorder = openRecorder(t, { root, runStart: JSON.stringify(start) });
  const step = (kind, index, title, ts) =>
    recorder.append(kind, kind === 'step.start' ? { title, category: 'test.step', index, path: [title] } : { status: 'passed', duration_ms: 1 }, `s${index}`, ts);
  const ask = (id, method, path, ts, body) =>
    recorder.append('network.request', {
      request_id: id, method, url: APP + path, resource_type: 'fetch', headers: [['content-type', 'application/json'], ['cookie', 'sid=c0okie-value-1234567']], ...(body && { body: content(body) }),
    }, undefined, ts);
  const answer = (id, method, path, status, headers, ts, body) =>
    recorder.append('network.response', { request_id: id, method, url: APP + path, status, status_text: 'X', headers, duration_ms: 3, ...(body && { body: content(body) }) }, undefined, ts);
  step('step.start', 1, 'Sign in', 10);
  ask('r1', 'POST', '/login', 11, { user: 'ada', password: 'hunter"2\\x' });
  ask('r2', 'GET', '/home', 13);
  answer('r1', 'POST', '/login', 302, [['location', '/home'], ['set-cookie', 'sid=c0okie-value-1234567; HttpOnly'], ['set-cookie', 'theme=dark'], ['content-length', '0']], 12);
  answer('r2', 'GET', '/home', 200, [['content-type', 'application/json'], ['content-encoding', 'gzip']], 14, { token: 'tok-0123456789abcdef', n: 1 });
  step('step.end', 1, 'Sign in', 20);
  step('step.start', 2, 'Pay', 30);
  ask('r3', 'POST', '/pay', 31, { amount: 1 });
  recorder.append('network.failed', { request_id: 'r3', method: 'POST', url: `${APP}/pay`, error: payment }, undefined, 36);
  ask('r4', 'GET', '/poll', 37);
  recorder.append('network.ws', { request_id: 'ws1', url: 'ws://127.0.0.1:4000/live', direction: 'open', status: 101 }, undefined, 32);
  recorder.append('network.ws', { request_id: 'ws1', url: 'ws://127.0.0.1:4000/live', direction: 'received', opcode: 1, data: { size: 2, media_type: 'text/plain', text: 'hi' } }, undefined, 33);
  recorder.append('browser.state', {
    context: 'c1', boundary: 'end', revision: 1, full: true, changed: ['cookies'], counts: [{ part: 'cookies', keys: 1, bytes: 9 }], secret: { parts: { cookies: { revision: 1, value: [{ name: 'sid' }] } } },
  }, 's1', 20);
  step('step.end', 2, 'Pay', 40);
  const { report, events } = await readBack(recorder);
  return { directory: report.dir, vaultKey: join(root, 'vault.key'), events };
}

const content = (value) => {
  const text = JSON.stringify(value);
  return { size: text.length, media_type: 'application/json', text };
};
const asked = (method, path, extra = {}) => ({ method, url: APP + path, headers: [['content-type', 'application/json']], phase: 'live', atMs: 0, ...extra });
const found = (source, question) => JSON.parse(source.find(question));

test('a trace answers what its replay asks', async (t) => {
  const { directory, vaultKey, events } = await recorded(t);
  assert.ok(!JSON.stringify(events).includes('hunter'), 'the record itself holds no secret');

  await t.test('the plan tells test, steps and what is there', () => {
    const source = ReplaySource.open({ directory, fromStep: 2, wholeRun: false, vaultKey });
    const plan = JSON.parse(source.plan());
    assert.deepEqual([plan.step.id, plan.step.title, plan.test.test_id], ['s2', 'Pay', 't-1']);
    assert.deepEqual(plan.network, { past: 2, future: 2, origins: [{ origin: APP, class: 'app', requests: 4 }] });
    assert.deepEqual(plan.browser, { contexts: [{ context: 'c1', parts: ['cookies'] }] });
    assert.deepEqual([plan.sockets, plan.warnings], [1, []]);
    assert.match(source.planText(), /from step 2 `Pay`/);
  });

  await t.test('secrets are put back and each hop of a redirect is an answer of its own', () => {
    const source = ReplaySource.open({ directory, fromStep: 2, wholeRun: true, vaultKey });
    source.mapOrigin('http://127.0.0.1:5000', APP);
    const url = 'http://127.0.0.1:5000/login';
    const { hit } = found(source, asked('POST', '/login', { url, body: Buffer.from('{"password":"hunter\\"2\\\\x","user":"ada"}') }));
    assert.deepEqual([hit.tier, hit.used, hit.answer.kind, hit.answer.status], ['exact', 'next', 'response', 302]);
    assert.deepEqual(hit.answer.headers, [['location', '/home'], ['set-cookie', 'sid=c0okie-value-1234567; HttpOnly'], ['set-cookie', 'theme=dark']]);
    assert.deepEqual([hit.answer.body, source.body(hit.entry)], ['none', null]);
    const home = found(source, asked('GET', '/home')).hit;
    assert.deepEqual([home.answer.body, home.answer.headers], ['whole', [['content-type', 'application/json']]]);
    assert.deepEqual(JSON.parse(source.body(home.entry)), { token: 'tok-0123456789abcdef', n: 1 });
    assert.deepEqual(found(source, asked('POST', '/pay', { body: Buffer.from('{"amount":1}') })).hit.answer, { kind: 'failed', error: 'net::ERR_CONNECTION_RESET', duration_ms: 5 });
    assert.deepEqual(found(source, asked('GET', '/poll')).hit.answer, { kind: 'open' });
    const { miss } = found(source, asked('POST', '/pay', { body: Buffer.from('{"amount":2}') }));
    assert.deepEqual([miss.near.length, miss.near[0].used_up, miss.near[0].deltas[0].asked], [1, true, '2']);
  });

  await t.test('what differs in a secret is told without either value', () => {
    const source = ReplaySource.open({ directory, fromStep: 2, wholeRun: true, vaultKey });
    const text = source.find(asked('POST', '/login', { body: Buffer.from('{"user":"ada","password":"an0ther-one"}') }));
    assert.ok(!text.includes('hunter') && !text.includes('an0ther'), text);
    assert.deepEqual(JSON.parse(text).hit.deltas.map(({ name, recorded, asked }) => [name, recorded, asked]), [['/password', '[REDACTED]', '[REDACTED]']]);
  });

  await t.test('without a key placeholders stay, match anything and show nothing', () => {
    const source = ReplaySource.open({ directory, fromStep: 2, wholeRun: true });
    const { hit } = found(source, asked('POST', '/login', { body: Buffer.from('{"user":"ada","password":"typed anew"}') }));
    assert.deepEqual([hit.tier, hit.deltas], ['normalised', [{ place: 'body', name: '/password', recorded: '[REDACTED]', asked: '[REDACTED]' }]]);
    assert.deepEqual(JSON.parse(source.plan()).warnings.map(({ code }) => code), ['NO_SECRETS']);
    const { contexts, reasons } = JSON.parse(source.state());
    assert.deepEqual([contexts, reasons.length], [{}, 1]);
  });

  await t.test('sockets, state and origins are told', () => {
    const source = ReplaySource.open({ directory, fromStep: 2, wholeRun: false, vaultKey, passthrough: ['https://fonts.test'] });
    const [socket] = JSON.parse(source.sockets());
    assert.deepEqual([socket.url, socket.frames.map(({ direction, text }) => [direction, text])], ['ws://127.0.0.1:4000/live', [['received', 'hi']]]);
    assert.deepEqual(JSON.parse(source.state()), { contexts: { c1: { cookies: [{ name: 'sid' }] } }, reasons: [] });
    assert.deepEqual(['ws://127.0.0.1:4000/live', 'https://fonts.test/a', 'https://x.test/'].map((url) => source.originClass(url)), ['app', 'passthrough', 'third-party']);
  });

  await t.test('the past answers as it last was before the step', () => {
    const source = ReplaySource.open({ directory, fromStep: 2, wholeRun: false, vaultKey });
    assert.equal(found(source, asked('GET', '/home', { phase: 'restoring' })).hit.used, 'as_of');
    assert.ok(found(source, asked('POST', '/login', { phase: 'restoring' })).miss);
  });
});

test('the calls of an archive beside the trace are told in order, secrets put back', async (t) => {
  const { directory, vaultKey, events } = await recorded(t);
  const [placeholder] = /\[REDACTED:value:\d+\]/.exec(JSON.stringify(events));
  const line = (value) => `${JSON.stringify(value)}\n`;
  const call = (id, startTime, method, params) => line({ type: 'before', callId: id, startTime, class: 'Frame', method, params }) + line({ type: 'after', callId: id, endTime: startTime + 1, result: {} });
  const wallTime = JSON.parse(ReplaySource.open({ directory, fromStep: 2, wholeRun: false }).plan()).wall_ms;
  writeFileSync(
    join(directory, 'trace.playwright.zip'),
    stored('trace.trace', line({ type: 'context-options', version: 10, wallTime, monotonicTime: 1000 }) + call('c@2', 1035, 'click', {}) + call('c@1', 1015, 'fill', { value: placeholder })),
  );
  const source = ReplaySource.open({ directory, fromStep: 2, wholeRun: true, vaultKey });
  const calls = source.tape().trim().split('\n').map((text) => JSON.parse(text));
  assert.deepEqual(calls.map(({ ordinal, method, step }) => [ordinal, method, step]), [[0, 'fill', 1], [1, 'click', 2]]);
  assert.equal(calls[0].params.value, 'hunter"2\\x');
  assert.deepEqual(JSON.parse(source.plan()).tape, { calls: 2 });
});

/** A zip archive of one member that is stored as it is. */
function stored(name, text) {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(26);
  head.writeUInt16LE(20, 0);
  head.writeUInt32LE(crc32(bytes), 10);
  head.writeUInt32LE(bytes.length, 14);
  head.writeUInt32LE(bytes.length, 18);
  head.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), head, Buffer.from(name), bytes]);
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), head, Buffer.alloc(14), Buffer.from(name)]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, Buffer.from('PK\x05\x06'), end]);
}

/** CRC-32 as zip archives carry it; `zlib.crc32` came only with Node 22. */
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

test('a certificate tells what a replay has in common with its record', async (t) => {
  const [record, same, other] = [await recorded(t), await recorded(t), await recorded(t, 'net::ERR_FAILED')];
  const compared = ({ directory }, fromStep) => JSON.parse(certify(record.directory, directory, fromStep));
  const twin = compared(same, 1);
  assert.deepEqual([twin.reproduced, twin.first], [true, null]);
  assert.deepEqual(twin.channels.map(({ channel, grade }) => [channel, grade]), [['steps', 'identical'], ['network', 'identical'], ['sockets', 'identical'], ['storage', 'equivalent']]);
  const { reproduced, first, text } = compared(other, 2);
  assert.deepEqual([reproduced, first.channel, first.recorded_seq], [true, 'network', record.events.find(({ request_id: id }) => id === 'r3').seq]);
  assert.match(text, /first divergence  network \(seq:\d+ → \d+\): POST \/pay: failure is `net::ERR_FAILED`/);
  assert.throws(() => compared(other, 3), { code: 'NO_SUCH_STEP' });
});

test('what cannot be opened throws a code', async (t) => {
  const { directory } = await recorded(t);
  const open = (options) => () => ReplaySource.open({ directory, fromStep: 2, wholeRun: false, ...options });
  assert.throws(open({ fromStep: 9 }), { code: 'NO_SUCH_STEP', message: /1 `Sign in`, 2 `Pay`/ });
  assert.throws(open({ directory: privateRoot(t) }), { code: 'TRACE_UNREADABLE' });
  assert.throws(open({ vaultKey: join(directory, 'no.key') }), { code: 'NO_SECRETS' });
  assert.throws(() => open({})().find({ ...asked('GET', '/'), phase: 'never' }), { code: 'OPTIONS_INVALID' });
});
