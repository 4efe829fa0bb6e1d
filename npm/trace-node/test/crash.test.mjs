import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { TraceReader, recover } from '../dist/index.js';
import { child, modulePath, openRecorder, privateRoot, runStart } from './support.mjs';

const recording = `
  const { Recorder } = await import(${JSON.stringify(modulePath)});
  const recorder = new Recorder({ root: process.argv[1], runStart: ${JSON.stringify(runStart)} });
`;

/** Waits for what another thread does in its own time. */
async function eventually(reached) {
  const deadline = performance.now() + 30_000;
  while (!reached()) {
    assert.ok(performance.now() < deadline, 'it never came to that');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const numbersOf = (dir) =>
  TraceReader.open(dir).events({ kind: 'console.log' }).map((event) => event.i);

test('what is appended reaches the disk with the main thread blocked, SIGKILL loses none of it, and recover finishes the trace', async (t) => {
  const root = privateRoot(t);
  // The thread has no turn of its event loop after the first event: it appends, and then appends for good.
  const { process: victim, exited, said } = child(
    `const { writeSync } = await import('node:fs');
    ${recording}
    for (let i = 0; i < 1000; i++) recorder.append('console.log', { i });
    writeSync(1, recorder.dir + '\\n');
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let i = 1000; ; i++) {
      recorder.append('console.log', { i, text: 'after' });
      Atomics.wait(pause, 0, 0, 1);
    }`,
    { args: [root], until: '\n' },
  );
  const dir = (await said).trim();
  await eventually(() => numbersOf(dir).length >= 1000);
  victim.kill('SIGKILL');
  assert.equal((await exited).signal, 'SIGKILL');
  const report = await recover(root);
  assert.deepEqual(report.problems, []);
  assert.equal(report.traces.length, 1);
  const [trace] = report.traces;
  assert.equal(trace.status, 'aborted');
  const numbers = numbersOf(trace.dir);
  assert.ok(numbers.length >= 1000, `${numbers.length} of at least 1000 events survived`);
  assert.ok(numbers.every((n, i) => n === i), 'what survived has no gaps');
  assert.equal(TraceReader.open(trace.dir).events().at(-1).kind, 'run.end');
  assert.deepEqual((await recover(root)).traces, []);
});

test('a living recorder is left alone by recover', async (t) => {
  const root = privateRoot(t);
  const { process: living, exited, said } = child(
    `${recording} recorder.append('console.log', { i: 0 }); console.log('up'); setInterval(() => {}, 1000);`,
    { args: [root], until: 'up\n' },
  );
  await said;
  const report = await recover(root);
  assert.equal(report.alive, 1);
  assert.deepEqual(report.traces, []);
  living.kill('SIGKILL');
  await exited;
});

test('a trace at work can be read', async (t) => {
  const recorder = openRecorder(t);
  recorder.append('console.log', { i: 1 });
  await eventually(() => numbersOf(recorder.dir).length === 1);
  await recorder.finish({ status: 'passed' });
});

test('a worker that exits without finish neither crashes the process nor loses its events', async (t) => {
  const root = privateRoot(t);
  const source = `
    import('node:worker_threads').then(async ({ workerData }) => {
      const { Recorder } = await import(${JSON.stringify(modulePath)});
      const recorder = new Recorder({ root: workerData, runStart: ${JSON.stringify(runStart)} });
      for (let i = 0; i < 500; i++) recorder.append('console.log', { i });
      process.exit(0);
    });`;
  // A process of its own, in which the addon is loaded by workers only: node unloads it with the last of them.
  const { exited } = child(
    `const { Worker } = await import('node:worker_threads');
    for (let n = 0; n < 3; n++) {
      const worker = new Worker(${JSON.stringify(source)}, { eval: true, workerData: process.argv[1] });
      await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
    }
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
    console.log('alive');`,
    { args: [root] },
  );
  const { code, output } = await exited;
  assert.equal(code, 0);
  assert.equal(output, 'alive\n');
  const report = await recover(root);
  assert.equal(report.traces.length, 3);
  for (const trace of report.traces) assert.equal(numbersOf(trace.dir).length, 500);
});

test('a worker and the main thread record side by side', async (t) => {
  const root = privateRoot(t);
  const source = `
    import('node:worker_threads').then(async ({ workerData, parentPort }) => {
      const { Recorder } = await import(${JSON.stringify(modulePath)});
      const recorder = new Recorder({ root: workerData, runStart: ${JSON.stringify(runStart)} });
      for (let i = 0; i < 500; i++) recorder.append('console.log', { i });
      parentPort.postMessage((await recorder.finish({ status: 'passed' })).dir);
    });`;
  const recorder = openRecorder(t);
  const worker = new Worker(source, { eval: true, workerData: root });
  const dir = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  recorder.append('console.log', { i: 0 });
  assert.equal(numbersOf(dir).length, 500);
  assert.equal(numbersOf((await recorder.finish({ status: 'passed' })).dir).length, 1);
});

test('a process that exits without finish leaves what it appended', async (t) => {
  const root = privateRoot(t);
  const append = `${recording} for (let i = 0; i < 500; i++) recorder.append('console.log', { i });`;
  // One leaves by a call, one because nothing is left to do; neither gives the writer a moment.
  for (const end of ['process.exit(0);', '']) {
    assert.equal((await child(append + end, { args: [root] }).exited).code, 0);
    const report = await recover(root);
    assert.equal(numbersOf(report.traces[0].dir).length, 500);
  }
});

/** A port that accepts connections and never answers, or one that refuses them. */
async function deafServer(t, { answers }) {
  const sockets = new Set();
  const server = createServer((socket) => sockets.add(socket));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const close = () => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  };
  if (answers) t.after(close);
  else close();
  return `http://127.0.0.1:${port}`;
}

for (const answers of [true, false]) {
  test(`a server that ${answers ? 'never answers' : 'refuses connections'} costs a bounded time and no event`, async (t) => {
    const url = await deafServer(t, { answers });
    const recorder = openRecorder(t, { server: { url, key: 'molar_sk_test' }, limits: { finishTimeoutMs: 1000 } });
    recorder.append('console.log', { i: 0 });
    const start = performance.now();
    const report = await recorder.finish({ status: 'passed' });
    const took = performance.now() - start;
    // Without the bound it would wait for ever.
    assert.ok(took < 30_000, `finish took ${took} ms`);
    assert.equal(report.outcome, 'spooled');
    assert.ok(report.problems.length > 0);
    assert.deepEqual(numbersOf(report.dir), [0]);
  });
}
