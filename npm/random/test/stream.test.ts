import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestDraws } from '#dist/draws.js';
import { Stream, chacha20, keyFor } from '#dist/stream.js';
import { fractionOf, integerBelow, uuidOf } from '#dist/values.js';

test('the stream is ChaCha20 as RFC 8439 has it', () => {
  // Appendix A.1, test vectors 1 (block 0) and 2 (block 1): key and nonce of zeros.
  const expected =
    '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586' +
    '9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f';
  const key = new Uint8Array(32);
  assert.equal(chacha20(key, 128).toString('hex'), expected);
  const stream = new Stream(key);
  assert.equal(Buffer.concat([stream.small(5), stream.small(59), stream.small(64)]).toString('hex'), expected);
});

test('the key is HKDF-SHA256 of seed and purpose', () => {
  // From another implementation: seed `run_1`, salt `molar-random-v1`.
  assert.equal(Buffer.from(keyFor('run_1', '1 GET / Math.random')).toString('hex'), EXPECTED_KEY);
  assert.notDeepEqual(keyFor('run_1', 'a'), keyFor('run_2', 'a'));
  assert.notDeepEqual(keyFor('run_1', 'a'), keyFor('run_1', 'b'));
});
const EXPECTED_KEY = '6303ae242c8a7583358dd80d98c46e2dce52bd58f6f65b87d0491ab40721708b';

test('a stream goes on over its refills and never repeats', () => {
  const stream = new Stream(keyFor('run_1', 'long'));
  const drawn = new Set(Array.from({ length: 5000 }, () => stream.small(16).toString('hex')));
  assert.equal(drawn.size, 5000);
});

test('how much one call takes does not shift the next', () => {
  const next = (size: number): string => {
    const draws = new RequestDraws('run_1', '1 GET /');
    draws.bytes('randomBytes', size);
    return draws.bytes('randomBytes', 8).toString('hex');
  };
  assert.equal(next(1), next(100_000));
});

test('runs, requests and kinds of call have streams of their own', () => {
  const drawn = ['run_1', 'run_2'].flatMap((run) => ['1 GET /', '2 GET /'].flatMap((key) => ['randomBytes', 'randomFill'].map((kind) => new RequestDraws(run, key).bytes(kind, 8).toString('hex'))));
  assert.equal(new Set(drawn).size, 8);
});

test('values are made of bytes without a bias that shows', () => {
  assert.equal(fractionOf(Buffer.alloc(8)), 0);
  assert.equal(fractionOf(Buffer.alloc(8, 0xff)), 1 - 2 ** -53);
  assert.equal(uuidOf(Buffer.alloc(16)), '00000000-0000-4000-8000-000000000000');
  assert.equal(uuidOf(Buffer.alloc(16, 0xff)), 'ffffffff-ffff-4fff-bfff-ffffffffffff');
  // What lies above the last multiple of the range is drawn again.
  const six = [Buffer.alloc(6, 0xff), Buffer.from([7, 0, 0, 0, 0, 0])];
  assert.equal(integerBelow(10, () => six.shift() ?? Buffer.alloc(6)), 7);
  const stream = new Stream(keyFor('run_1', 'ints'));
  const counts = Array.from({ length: 10 }, () => 0);
  for (let n = 0; n < 10_000; n += 1) counts[integerBelow(10, () => stream.small(6))]! += 1;
  assert.ok(counts.every((count) => count > 850 && count < 1150), counts.join(' '));
});
