// Nothing is patched before the first verified request; the order of the tests matters.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, test } from 'node:test';
import { random } from '@molar/random';
import { SECRET, header } from '../../time/test/support/ask.js';
import { Served } from '../../time/test/support/served.js';

const parts = (): unknown[] => [
  Math.random, crypto.randomUUID, crypto.randomBytes, crypto.randomInt, crypto.randomFill, crypto.randomFillSync, globalThis.crypto.randomUUID, globalThis.crypto.getRandomValues,
];
const native = parts();
const NativeDate = Date;
const served = new Served([random]);
after(() => served.close());
const patched = (): number => parts().filter((part, n) => part !== native[n]).length;

test('unsigned and forged headers, and a missing secret, leave the process as it is', async () => {
  await served.within(header(), () => assert.equal(patched(), 0));
  process.env['MOLAR_REPLAY_SECRET'] = SECRET;
  for (const headers of [{}, header({ secret: 'another' }), { 'x-molar-replay': 'v1;run=r;t=1;mode=fixed;seq=1' }]) {
    await served.within(headers, () => assert.equal(patched(), 0));
  }
  assert.equal(patched(), 0);
});

test('the first verified request patches what draws, and no clock', async () => {
  await served.within(header(), () => assert.equal(patched(), native.length));
  assert.equal(Date, NativeDate);
});
