// Nothing is patched before the first verified request; the order of the tests matters.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { time } from '@molar/time';
import { SECRET, header } from './support/ask.js';
import { Served } from './support/served.js';

const parts = (): unknown[] => [
  Date,
  Date.now,
  performance.now.bind,
  Object.getPrototypeOf(performance).now,
  Object.getOwnPropertyDescriptor(Intl.DateTimeFormat.prototype, 'format')?.get,
  fetch,
];
const native = parts();
const served = new Served([time]);
after(() => served.close());

const untouched: [string, string | undefined, Record<string, string>][] = [
  ['a request without a header', SECRET, {}],
  ['a header where no secret is set', undefined, header()],
  ['an empty secret', '', header()],
  ['a header signed with another secret', SECRET, header({ secret: 'another' })],
  ['an unsigned header', SECRET, { 'x-molar-replay': 'v1;run=r;t=1;mode=fixed;seq=1' }],
  ['a flood instead of a header', SECRET, { 'x-molar-replay': 'v1;'.repeat(3000) }],
];
for (const [what, secret, headers] of untouched) {
  test(`${what} leaves the process as it is`, async () => {
    if (secret === undefined) delete process.env['MOLAR_REPLAY_SECRET'];
    else process.env['MOLAR_REPLAY_SECRET'] = secret;
    await served.within(headers, () => assert.deepEqual(parts(), native));
    parts().forEach((part, n) => assert.equal(part, native[n]));
  });
}

test('the first verified request patches', async () => {
  process.env['MOLAR_REPLAY_SECRET'] = SECRET;
  await served.within(header(), () => assert.notEqual(Date, native[0]));
});
