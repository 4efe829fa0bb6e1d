import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Harness, receiver, until } from './support/harness.js';

const digestOf = (bytes: Buffer): string => `sha-256=${createHash('sha256').update(bytes).digest('base64')}`;

async function withCustomers(harness: Harness, run: string, n: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < n; i += 1) ids.push((await harness.stripe(run).customers.create({ email: `${i}@example.test` })).id);
  return ids;
}

test('save, restore, save again: equal state has equal digests', async (t) => {
  const harness = await Harness.start(t);
  await withCustomers(harness, 'run', 3);
  const before = await harness.digest('run');
  const first = await harness.save('run');
  assert.equal(first.digest, digestOf(first.bytes));
  assert.equal(first.bytes.readUInt32LE(4), 0, 'gzip carries no time');
  for (const target of ['run', 'run.r1']) {
    const restored = await harness.restore(target, first);
    assert.equal(restored.status, 200);
    assert.equal(restored.body['state_digest'], before);
    assert.equal(await harness.digest(target), before);
    const again = await harness.admin('POST', '/_clone/snapshot/save', { run: target });
    assert.equal(again.headers.get('x-clone-state-digest'), before);
    assert.equal(again.headers.get('x-clone-schema'), 'molar/clones-stripe@v1');
  }
});

test('restoring twice is like once; with one key it is one epoch step', async (t) => {
  const harness = await Harness.start(t);
  await withCustomers(harness, 'run', 1);
  const snapshot = await harness.save('run');
  const [first, second] = [await harness.restore('run', snapshot, { 'idempotency-key': 'k' }), await harness.restore('run', snapshot, { 'idempotency-key': 'k' })];
  assert.deepEqual([first.body['epoch'], second.body['epoch'], second.headers.get('idempotent-replayed')], [1, 1, 'true']);
  const third = await harness.restore('run', snapshot);
  assert.deepEqual([third.body['epoch'], third.body['state_digest']], [2, first.body['state_digest']]);
  assert.ok(Number(third.body['rev']) > Number(first.body['rev']), 'rev counts on');
  const other = await harness.admin('POST', '/_clone/seed', { run: 'run', seed: 's' }, { 'idempotency-key': 'k' });
  assert.deepEqual([other.status, other.body['code']], [409, 'idempotency_key_reuse']);
});

test('ids after a restore continue the recorded sequence, also in another process', async (t) => {
  const [harness, elsewhere] = [await Harness.start(t), await Harness.start(t, { seed: 'another' })];
  await withCustomers(harness, 'run', 2);
  const snapshot = await harness.save('run');
  const continued = await withCustomers(harness, 'run', 3);
  assert.equal((await harness.restore('run.r1', snapshot)).status, 200);
  assert.deepEqual(await withCustomers(harness, 'run.r1', 3), continued);
  assert.equal((await elsewhere.restore('run.r2', snapshot)).status, 200);
  assert.deepEqual(await withCustomers(elsewhere, 'run.r2', 3), continued);
});

test('a vendor request in flight at a restore answers as before and its write is lost', async (t) => {
  const harness = await Harness.start(t);
  await withCustomers(harness, 'run', 1);
  const snapshot = await harness.save('run');
  await harness.admin('POST', '/_clone/inject/latency', { run: 'run', path: '/v1/customers', method: 'POST', p50: 400 });
  const slow = harness.stripe('run').customers.create({ email: 'slow@example.test' });
  await until('the request is in flight', async () => (await harness.admin('GET', '/_clone/health?run=run')).body['in_flight'] === 1);
  assert.equal((await harness.restore('run', snapshot)).status, 200);
  assert.equal((await slow).email, 'slow@example.test');
  assert.deepEqual((await harness.items('run', 'customers')).map(({ email }) => email), ['0@example.test']);
});

test('a bad snapshot changes nothing', async (t) => {
  const harness = await Harness.start(t, { maxSnapshotBytes: 1024 * 1024 });
  await withCustomers(harness, 'run', 2);
  const good = await harness.save('run');
  const before = [await harness.digest('run'), (await harness.admin('GET', '/_clone/stripe/run')).headers.get('etag')];
  const value = JSON.parse(gunzipSync(good.bytes).toString('utf8')) as Record<string, unknown>;
  const packed = (change: Record<string, unknown>): Buffer => gzipSync(JSON.stringify({ ...value, ...change }));
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  const lying = Buffer.from(bomb);
  lying.writeUInt32LE(10, lying.length - 4);
  const deep = `${'['.repeat(200)}${']'.repeat(200)}`;
  const cases: [string, Buffer, string | undefined, number, string][] = [
    ['tampered', good.bytes, digestOf(Buffer.from('x')), 422, 'digest_mismatch'],
    ['no digest', good.bytes, undefined, 400, 'bad_request'],
    // The last four bytes of gzip are a length; these say zero, so that the cut itself is found.
    ['cut short', Buffer.concat([good.bytes.subarray(0, 200), Buffer.alloc(4)]), 'own', 400, 'bad_request'],
    ['no gzip', Buffer.from('{}'), 'own', 400, 'bad_request'],
    ['zip bomb', bomb, 'own', 413, 'too_large'],
    ['zip bomb that lies about its size', lying, 'own', 413, 'too_large'],
    ['newer schema', packed({ schema: 'molar/clones-stripe@v9' }), 'own', 422, 'schema_unsupported'],
    ['half a snapshot', packed({ state: { customers: [{}] } }), 'own', 400, 'bad_request'],
    ['nested too deep', gzipSync(`{"x":${deep}}`), 'own', 400, 'bad_request'],
  ];
  for (const [name, bytes, digest, status, code] of cases) {
    const headers: Record<string, string> = digest === undefined ? {} : { digest: digest === 'own' ? digestOf(bytes) : digest };
    const answer = await harness.admin('POST', '/_clone/snapshot/run/restore', bytes, headers);
    assert.deepEqual([answer.status, answer.body['code']], [status, code], name);
    assert.match(answer.headers.get('content-type') ?? '', /problem\+json/, name);
  }
  assert.deepEqual([await harness.digest('run'), (await harness.admin('GET', '/_clone/stripe/run')).headers.get('etag')], before);
});

test('a restore that is cut off leaves the old state', async (t) => {
  const harness = await Harness.start(t);
  await withCustomers(harness, 'run', 2);
  const [before, snapshot] = [await harness.digest('run'), await harness.save('run')];
  await withCustomers(harness, 'other', 1);
  const url = new URL(harness.clone.admin);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(url.port), url.hostname, () => {
      socket.write(`POST /_clone/snapshot/run/restore HTTP/1.1\r\nHost: x\r\nDigest: ${snapshot.digest}\r\nContent-Type: application/gzip\r\nContent-Length: ${snapshot.bytes.length}\r\n\r\n`);
      socket.write(snapshot.bytes.subarray(0, 100), () => socket.destroy());
    });
    socket.on('close', () => resolve());
  });
  const summary = await harness.admin('GET', '/_clone/stripe/run');
  assert.deepEqual([summary.body['digest'], summary.body['epoch']], [before, 0]);
});

test('the body form restores bytes, or a snapshot kept under its sha256', async (t) => {
  const harness = await Harness.start(t);
  await withCustomers(harness, 'run', 1);
  const { bytes } = await harness.save('run');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  for (const source of [{ snapshot_b64: bytes.toString('base64') }, { snapshot_sha256: sha256 }]) {
    const answer = await harness.admin('POST', '/_clone/snapshot/restore', { run: 'run', target_run: 'copy', fire: 'none', ...source });
    assert.equal(answer.status, 200);
    assert.equal(answer.body['state_digest'], await harness.digest('run'));
    assert.equal(answer.headers.get('x-clone-epoch'), String(answer.body['epoch']));
  }
  const unknown = await harness.admin('POST', '/_clone/snapshot/restore', { run: 'run', snapshot_sha256: '0'.repeat(64) });
  assert.deepEqual([unknown.status, unknown.body['code']], [404, 'snapshot_not_found']);
});

test('a copy never reaches the original application, unless its URL is mapped', async (t) => {
  const harness = await Harness.start(t);
  const [original, mapped] = [await receiver(t, () => 200), await receiver(t, () => 200)];
  await harness.stripe('run').webhookEndpoints.create({ url: original.url, enabled_events: ['*'] });
  const body = { run: 'run', snapshot_b64: (await harness.save('run')).bytes.toString('base64') };
  const muted = await harness.admin('POST', '/_clone/snapshot/restore', { ...body, target_run: 'muted' });
  assert.equal((muted.body['warnings'] as string[]).length, 1);
  await harness.admin('POST', '/_clone/snapshot/restore', { ...body, target_run: 'mapped', webhook_url_map: { [original.url]: mapped.url } });
  assert.equal((await harness.stripe('muted').webhookEndpoints.list()).data[0]?.status, 'disabled');
  for (const run of ['muted', 'mapped']) {
    await harness.admin('POST', '/_clone/clock/resume', { run });
    await harness.stripe(run).customers.create();
  }
  await until('the mapped copy delivers', () => mapped.seen.length === 1);
  await until('the muted copy has nothing left to do', async () => (await harness.items('muted', 'jobs')).length === 0);
  assert.equal(original.seen.length, 0);
});

test('pending webhooks come back paused, fire on resume, and delivered ones are not sent again', async (t) => {
  const harness = await Harness.start(t);
  const { url, seen } = await receiver(t, () => 200);
  const stripe = harness.stripe('run');
  await stripe.webhookEndpoints.create({ url, enabled_events: ['*'] });
  await stripe.customers.create({ email: 'delivered@example.test' });
  await until('the first is delivered', async () => seen.length === 1 && (await harness.items('run', 'jobs')).length === 0);
  await harness.admin('POST', '/_clone/clock/pause', { run: 'run' });
  await stripe.customers.create({ email: 'pending@example.test' });
  await harness.restore('run', await harness.save('run'));
  const clock = (await harness.admin('GET', '/_clone/clock?run=run')).body;
  assert.equal(clock['mode'], 'paused');
  await harness.admin('POST', '/_clone/clock/set', { run: 'run', to: Number(clock['clock_ms']) + 60_000 });
  assert.equal(seen.length, 1);
  await harness.admin('POST', '/_clone/clock/resume', { run: 'run' });
  await until('the pending one is delivered', () => seen.length === 2);
  assert.deepEqual(seen.map(({ body }) => (JSON.parse(body) as { data: { object: { email: string } } }).data.object.email), ['delivered@example.test', 'pending@example.test']);
});

test('an application that registers its endpoint anew in a copy is heard there, and only there', async (t) => {
  const harness = await Harness.start(t);
  const { url, seen } = await receiver(t, () => 200);
  const first = await harness.stripe('run').webhookEndpoints.create({ url, enabled_events: ['*'] });
  await harness.restore('run.r1', await harness.save('run'));
  await harness.admin('POST', '/_clone/clock/resume', { run: 'run.r1' });
  const stripe = harness.stripe('run.r1');
  await stripe.webhookEndpoints.del(first.id);
  const second = await stripe.webhookEndpoints.create({ url, enabled_events: ['*'] });
  assert.deepEqual([second.id, second.secret, second.status], [first.id, first.secret, 'enabled']);
  await stripe.customers.create();
  await until('the event arrives', () => seen.length === 1);
});
