// Every call that draws, against Node's own: same arguments, same errors, same kind of result, but repeatable.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { random } from '@molar/random';
import { SECRET, header } from '../../time/test/support/ask.js';
import { Served } from '../../time/test/support/served.js';

process.env['MOLAR_REPLAY_SECRET'] = SECRET;
const served = new Served([random]);
after(() => served.close());

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const calledBack = <T>(call: (told: (error: Error | null | undefined, value: T) => void) => unknown): Promise<T> =>
  new Promise((resolve, reject) => void call((error, value) => (error ? reject(error) : resolve(value))));
const is = (holds: (value: never) => boolean) => holds as (value: unknown) => boolean;
const bytes = (size: number) => is((value: Buffer) => value.length === size && new Set(value).size > size / 8);

const CALLS: [string, () => unknown, (value: unknown) => boolean][] = [
  ['Math.random', () => Math.random(), is((value: number) => value >= 0 && value < 1)],
  ['crypto.randomUUID', () => crypto.randomUUID(), is((value: string) => UUID.test(value))],
  ['crypto.randomUUID without its cache', () => crypto.randomUUID({ disableEntropyCache: true }), is((value: string) => UUID.test(value))],
  ['webcrypto randomUUID', () => globalThis.crypto.randomUUID(), is((value: string) => UUID.test(value))],
  ['crypto.randomBytes', () => crypto.randomBytes(64), bytes(64)],
  ['crypto.randomBytes, called back', () => calledBack<Buffer>((told) => crypto.randomBytes(64, told)), bytes(64)],
  ['crypto.randomBytes, promisified', () => promisify(crypto.randomBytes)(64), bytes(64)],
  ['crypto.randomBytes of a megabyte', () => crypto.randomBytes(1 << 20).subarray(-64), bytes(64)],
  ['crypto.randomInt to', () => [1, 2, 3, 4].map(() => crypto.randomInt(1000)), is((value: number[]) => value.every((n) => n >= 0 && n < 1000))],
  ['crypto.randomInt from, to', () => [1, 2, 3, 4].map(() => crypto.randomInt(-9000, -8000)), is((value: number[]) => value.every((n) => n >= -9000 && n < -8000))],
  ['crypto.randomInt, called back', () => calledBack<number>((told) => crypto.randomInt(5, 2 ** 40, told)), is((value: number) => value >= 5)],
  ['crypto.randomFillSync', () => crypto.randomFillSync(Buffer.alloc(64)), bytes(64)],
  ['crypto.randomFillSync of a part', () => crypto.randomFillSync(new Uint32Array(6), 2, 3), is((value: Uint32Array) => value[1] === 0 && value[2] !== 0 && value[4] !== 0 && value[5] === 0)],
  ['crypto.randomFillSync of an ArrayBuffer', () => { const all = new ArrayBuffer(64); crypto.randomFillSync(all as never); return Buffer.from(all); }, bytes(64)],
  ['crypto.randomFill', () => calledBack<Buffer>((told) => crypto.randomFill(Buffer.alloc(64), told)), bytes(64)],
  ['crypto.randomFill of a part', () => calledBack<Uint16Array>((told) => crypto.randomFill(new Uint16Array(24), 8, 8, told)), is((value: Uint16Array) => value[7] === 0 && value[16] === 0 && value.subarray(8, 16).some(Boolean))],
  ['crypto.getRandomValues', () => crypto.getRandomValues(new Uint8Array(64)), bytes(64)],
  ['webcrypto getRandomValues', () => globalThis.crypto.getRandomValues(new Uint8Array(64)), bytes(64)],
  ['getRandomValues of a part', () => { const all = new Uint8Array(96); globalThis.crypto.getRandomValues(all.subarray(16, 80)); return all; }, is((value: Uint8Array) => value[15] === 0 && value[80] === 0 && value.subarray(16, 80).some(Boolean))],
];
for (const [what, call, fits] of CALLS) {
  test(what, async () => {
    const twice = async (): Promise<unknown[]> => [await call(), await call()];
    const [first, again, other] = [await served.within(header(), twice), await served.within(header(), twice), await served.within(header({ seq: 2 }), twice)];
    assert.deepEqual(again, first);
    assert.notDeepEqual(other, first);
    assert.notDeepEqual(first[0], first[1], 'deterministic is not constant');
    assert.notDeepEqual(await twice(), first, 'real outside of the request');
    assert.ok([...first, ...other].every(fits), JSON.stringify(first));
  });
}

test('one more call of a kind does not shift the other kinds', async () => {
  const draws = async (before: () => unknown): Promise<unknown[]> => served.within(header(), () => {
    before();
    return [crypto.randomUUID(), crypto.randomInt(1 << 30), crypto.randomBytes(8).toString('hex'), [...crypto.getRandomValues(new Uint8Array(8))]];
  });
  const plain = await draws(() => undefined);
  assert.deepEqual(await draws(() => Math.random()), plain);
  const [, ...others] = await draws(() => crypto.randomUUID());
  assert.deepEqual(others, plain.slice(1));
});

test('called back out of order, each call has its own bytes', async () => {
  const work = () => Promise.all([1 << 22, 16, 1 << 20, 16].map((size) => calledBack<Buffer>((told) => crypto.randomBytes(size, told)).then((all) => all.subarray(0, 8).toString('hex'))));
  assert.deepEqual(await served.within(header(), work), await served.within(header(), work));
});

test('wrong arguments get the errors of Node', async () => {
  const calls: (() => unknown)[] = [
    () => crypto.randomBytes(-1),
    () => crypto.randomBytes('8' as never),
    () => crypto.randomBytes(8, null as never),
    () => crypto.randomInt(5, 5),
    () => crypto.randomInt(0, 2 ** 50),
    () => crypto.randomInt(1, 5, 'told' as never),
    () => crypto.randomFillSync(Buffer.alloc(4), 5),
    () => crypto.randomFillSync('text' as never),
    () => crypto.randomFill(Buffer.alloc(4), 0, 5, () => undefined),
    () => crypto.randomFill(Buffer.alloc(4), undefined as never),
    () => crypto.randomUUID(1 as never),
    () => globalThis.crypto.getRandomValues(new Uint8Array(65_537)),
    () => globalThis.crypto.getRandomValues(new Float64Array(1) as never),
    () => (0, globalThis.crypto.getRandomValues)(new Uint8Array(1)),
    () => (0, globalThis.crypto.randomUUID)(),
  ];
  const errors = (): string[] => calls.map((call) => {
    try {
      call();
    } catch (error) {
      return String(error);
    }
    return 'nothing was thrown';
  });
  const outside = errors();
  assert.ok(!outside.includes('nothing was thrown'), outside.join('\n'));
  assert.deepEqual(await served.within(header(), errors), outside);
});

test('keys are never seeded', async () => {
  const key = (): Promise<Buffer> => calledBack<Buffer>((told) => crypto.generateKey('aes', { length: 256 }, (error, made) => told(error, error ? Buffer.alloc(0) : made.export())));
  const pair = (): string => crypto.generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const web = async (): Promise<string> => Buffer.from(await crypto.subtle.exportKey('raw', await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt']))).toString('hex');
  for (const make of [key, pair, web]) {
    assert.notDeepEqual(await served.within<unknown>(header(), make), await served.within<unknown>(header(), make));
  }
});
