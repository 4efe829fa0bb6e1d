import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Recorder, TraceReader } from '../dist/index.js';
import { openRecorder, privateRoot, readBack, runStart } from './support.mjs';

const kindsOf = (events) => events.map((event) => event.kind);
const only = (events, kind) => events.filter((event) => event.kind === kind);

test('what is appended is read back in order, with the envelope filled in', async (t) => {
  const recorder = openRecorder(t);
  recorder.append('step.start', { title: 'Log in', category: 'test.step', index: 1, path: ['Log in'] }, 's1', 1.5);
  recorder.append('console.log', { level: 'info', text: 'hello' }, 's1');
  recorder.appendJson('step.end', '{"status":"passed","duration_ms":3}', 's1', 4.25);
  recorder.append('scenario.event', { name: 'annotation', data: 1 });
  const { report, events } = await readBack(recorder);
  assert.deepEqual(kindsOf(events), ['run.start', 'step.start', 'console.log', 'step.end', 'scenario.event', 'run.end']);
  assert.deepEqual(events.map((event) => event.seq), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(events.map((event) => event.step_id), [undefined, 's1', 's1', 's1', undefined, undefined]);
  assert.deepEqual([events[1].ts, events[3].ts], [1.5, 4.25]);
  assert.equal(events[0].trace_id, recorder.traceId);
  assert.equal(events[0].short_id, recorder.shortId);
  assert.equal(events[0].format, 1);
  assert.equal(events[5].status, 'passed');
  assert.ok(events[5].duration_ms > 0);
  assert.equal(report.events, 6);
  assert.equal(report.outcome, 'local');
  assert.deepEqual(report.problems, []);
  assert.ok(report.dir.includes(recorder.traceId));
});

test('the package can be required as well as imported', () => {
  const required = createRequire(import.meta.url)('../dist/index.js');
  assert.equal(required.Recorder, Recorder);
});

test('the axis is the wall clock moved to the start', async (t) => {
  const wallMs = Date.now() - 1000;
  const recorder = openRecorder(t, { wallMs });
  assert.ok(recorder.now() >= 999, `${recorder.now()}`);
  assert.equal(recorder.tsOf(wallMs + 5), 5);
  const first = recorder.now();
  assert.ok(recorder.now() >= first);
  const { events } = await readBack(recorder);
  assert.equal(events[0].wall_ms, wallMs);
});

test('order is kept when events take the ring, the direct way and content in turn', async (t) => {
  const recorder = openRecorder(t);
  const n = 3000;
  for (let i = 0; i < n; i++) {
    if (i % 100 === 7) recorder.append('console.log', { i, text: 'x'.repeat(40_000) });
    else if (i % 100 === 11) recorder.appendContent('screenshot', { i }, [{ field: 'image', data: Buffer.from([i & 255]), mediaType: 'image/png' }]);
    else recorder.append('console.log', { i, text: 'short' });
  }
  const { events } = await readBack(recorder);
  const numbers = events.filter((event) => 'i' in event).map((event) => event.i);
  assert.deepEqual(numbers, Array.from({ length: n }, (_, i) => i));
});

test('a flood far larger than the ring loses nothing', async (t) => {
  const recorder = openRecorder(t, { limits: { queueBytes: 1 << 30 } });
  const n = 60_000;
  for (let i = 0; i < n; i++) recorder.append('console.log', { i, text: 'y'.repeat(i % 300) }, `s${i % 700}`);
  const { report, events } = await readBack(recorder);
  assert.equal(report.dropped, 0);
  const logs = only(events, 'console.log');
  assert.equal(logs.length, n);
  assert.ok(logs.every((event, i) => event.i === i && event.text.length === i % 300 && event.step_id === `s${i % 700}`));
});

test('more names than the ring numbers still arrive', async (t) => {
  const recorder = openRecorder(t, { limits: { queueBytes: 1 << 30 } });
  const n = 66_000;
  for (let i = 0; i < n; i++) recorder.append('console.log', { i }, `s${i}`);
  const logs = only((await readBack(recorder)).events, 'console.log');
  assert.equal(logs.length, n);
  assert.ok(logs.every((event, i) => event.i === i && event.step_id === `s${i}`));
});

test('small contents stay inline, large ones become blobs', async (t) => {
  const recorder = openRecorder(t);
  const image = Buffer.alloc(20_000, 7);
  recorder.appendContent('screenshot', { page: 'p1' }, [{ field: 'image', data: image, mediaType: 'image/png' }]);
  image.fill(9);
  recorder.appendContent('network.response', { request_id: 'r1' }, [{ field: 'body', data: 'grüße', mediaType: 'text/plain', truncated: 5 }]);
  const { report, events } = await readBack(recorder);
  const screenshot = only(events, 'screenshot')[0];
  assert.equal(screenshot.image.size, 20_000);
  assert.match(screenshot.image.blob, /^sha256:[0-9a-f]{64}$/);
  assert.equal(report.blobs, 1);
  const hex = screenshot.image.blob.slice('sha256:'.length);
  const stored = readFileSync(join(report.dir.split('/traces/')[0], 'blobs/sha256', hex.slice(0, 2), hex.slice(2)));
  assert.ok(stored.equals(Buffer.alloc(20_000, 7)), 'the bytes are those of the moment of the call');
  assert.deepEqual(only(events, 'network.response')[0].body, { size: 7, media_type: 'text/plain', text: 'grüße', truncated: 5 });
});

test('texts of every kind survive', async (t) => {
  const texts = ['', 'ascii', 'grüße', '日本語', '👍🏽', '\u0000\u001f\u2028\u2029', '"\\/\b\f\n\r\t', '\ud800 lone', 'lone \udfff'];
  const recorder = openRecorder(t);
  texts.forEach((text) => recorder.append('console.log', { text }));
  const logs = only((await readBack(recorder)).events, 'console.log');
  assert.deepEqual(logs.map((event) => event.text.toWellFormed?.() ?? event.text), texts.map((text) => text.toWellFormed?.() ?? text));
});

test('a lone surrogate in ready JSON text is replaced instead of spoiling the line', async (t) => {
  const recorder = openRecorder(t);
  recorder.appendJson('console.log', '{"text":"a\ud800b"}');
  const { events } = await readBack(recorder);
  assert.equal(only(events, 'console.log')[0].text, 'a\ufffdb');
});

test('payloads that cannot be recorded become notices and never throw', async (t) => {
  const circular = {};
  circular.self = circular;
  const recorder = openRecorder(t);
  const bad = [circular, { toJSON() { throw new Error('no JSON today'); } }, { n: 1n }, undefined, () => 1, Symbol('s'), { toJSON() { throw { toString() { throw new Error('twice'); } }; } }];
  bad.forEach((payload) => recorder.append('console.log', payload, 's1'));
  recorder.append(Symbol('kind'), {});
  recorder.append('console.log', {}, 7);
  recorder.append('console.log', {}, null, 'soon');
  recorder.appendJson('console.log', 5);
  recorder.appendContent('screenshot', circular, []);
  recorder.appendContent('screenshot', {}, [{ field: 'image', data: 5, mediaType: 'image/png' }]);
  recorder.addArtifact('../../escape', '/nowhere');
  recorder.append('console.log', { text: 'still here' });
  const { events } = await readBack(recorder);
  const notices = only(events, 'capture.notice');
  assert.ok(notices.length >= bad.length + 3, JSON.stringify(notices));
  assert.ok(notices.some((event) => event.message.includes('no JSON today')));
  assert.equal(only(events, 'console.log').at(-1).text, 'still here');
});

test('ready JSON text that is no object becomes a notice', async (t) => {
  const recorder = openRecorder(t);
  for (const text of ['[]', '{', '{"a":1}{', 'null']) recorder.appendJson('console.log', text);
  const { events, trace } = await readBack(recorder);
  assert.equal(only(events, 'console.log').length, 0);
  assert.ok(only(events, 'capture.notice').length >= 1);
  assert.deepEqual(trace.diagnostics(), []);
});

test('a huge payload neither throws nor spoils the trace', async (t) => {
  const recorder = openRecorder(t);
  recorder.append('console.log', { text: 'z'.repeat(20 << 20) });
  recorder.append('console.log', { text: 'after' });
  const { events, trace } = await readBack(recorder);
  assert.deepEqual(trace.diagnostics(), []);
  assert.equal(only(events, 'console.log').at(-1).text, 'after');
  assert.ok(only(events, 'console.log').length === 2 || only(events, 'capture.notice').length > 0);
});

test('secrets are replaced before they are written', async (t) => {
  const recorder = openRecorder(t);
  recorder.append('network.request', { request_id: 'r1', method: 'GET', url: '/', resource_type: 'fetch', headers: [['authorization', 'Bearer canary0canary0canary0']] });
  const { report, events } = await readBack(recorder);
  assert.match(only(events, 'network.request')[0].headers[0][1], /\[REDACTED:/);
  assert.ok(!readFileSync(join(report.dir, 'summary.json'), 'utf8').includes('canary0'));
});

test('finish is idempotent, and what comes later is counted and ignored', async (t) => {
  const recorder = openRecorder(t);
  recorder.append('console.log', { text: 'before' });
  const [first, second] = await Promise.all([recorder.finish({ status: 'passed' }), recorder.finish({ status: 'failed' })]);
  assert.equal(first, second);
  recorder.append('console.log', { text: 'late' });
  recorder.appendContent('screenshot', {}, []);
  recorder.addArtifact('video.webm', '/nowhere');
  assert.equal(recorder.late, 3);
  assert.equal(await recorder.finish({ status: 'error' }), first);
  await recorder[Symbol.asyncDispose]();
  const events = TraceReader.open(first.dir).events();
  assert.deepEqual(kindsOf(events), ['run.start', 'console.log', 'run.end']);
  assert.equal(events[2].status, 'passed');
});

test('disposing finishes as aborted; a run.end that cannot be serialised still ends the trace', async (t) => {
  const disposed = openRecorder(t);
  await disposed[Symbol.asyncDispose]();
  assert.equal((await readBack(disposed)).events.at(-1).status, 'aborted');
  const circular = { status: 'failed' };
  circular.self = circular;
  const { events } = await readBack(openRecorder(t), circular);
  assert.deepEqual(kindsOf(events), ['run.start', 'capture.notice', 'run.end']);
  assert.equal(events.at(-1).status, 'failed');
});

test('artifacts are kept beside the trace; a missing one is told', async (t) => {
  const root = privateRoot(t);
  const copied = join(root, 'a.zip');
  const moved = join(root, 'b.webm');
  // The end of an archive without members: a Playwright trace is rewritten on its way, so it has to be one.
  writeFileSync(copied, Buffer.concat([Buffer.from('PK\x05\x06'), Buffer.alloc(18)]));
  writeFileSync(moved, 'webm');
  const recorder = new Recorder({ root, runStart });
  recorder.addArtifact('trace.playwright.zip', copied);
  recorder.addArtifact('video.webm', moved, { move: true });
  const { report } = await readBack(recorder);
  assert.deepEqual(readFileSync(join(report.dir, 'trace.playwright.zip')), readFileSync(copied));
  assert.equal(readFileSync(join(report.dir, 'video.webm'), 'utf8'), 'webm');
  assert.ok(existsSync(copied));
  assert.ok(!existsSync(moved));
});

test('two recorders in one process keep apart', async (t) => {
  const root = privateRoot(t);
  const recorders = [0, 1].map(() => new Recorder({ root, runStart }));
  for (let i = 0; i < 2000; i++) recorders[i % 2].append('console.log', { i });
  for (const [n, recorder] of recorders.entries()) {
    const logs = only((await readBack(recorder)).events, 'console.log');
    assert.equal(logs.length, 1000);
    assert.ok(logs.every((event) => event.i % 2 === n));
  }
});

test('options that cannot work throw a code', (t) => {
  const cases = [
    [{ runStart: 'no json' }, 'RECORDER_START'],
    [{ traceId: '../../etc' }, 'OPTIONS_INVALID'],
    [{ org: '../..' }, 'OPTIONS_INVALID'],
    [{ redaction: '{"unknown":1}' }, 'REDACTION_INVALID'],
  ];
  for (const [options, code] of cases) {
    assert.throws(() => openRecorder(t, options), (error) => error instanceof Error && error.code === code, JSON.stringify(options));
  }
  const file = join(privateRoot(t), 'file');
  writeFileSync(file, '');
  assert.throws(() => new Recorder({ root: file, runStart }), { code: 'RECORDER_START' });
});
