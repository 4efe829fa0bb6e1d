import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson, depthOf } from '../src/canonical-json.js';
import { durationMs, instantMs } from '../src/clock.js';
import { periodEnd } from '../src/billing.js';
import { nextId } from '../src/ids.js';
import { decodeForm } from '../src/vendor/form.js';

test('canonical JSON sorts by UTF-16 code units and prints numbers as ECMAScript does', () => {
  // Numbers and strings from the example of RFC 8785, section 3.2.2.
  const input = { numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001], string: '\u20ac$\u000f\nA\'B"\\\\"/', literals: [null, true, false] };
  assert.equal(canonicalJson(input), '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}');
  // Section 3.2.3: the order of these keys differs between code units and code points.
  const keys = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
  assert.deepEqual(canonicalJson(keys).match(/:\d/g)?.join(''), ':2:4:6:7:1:5:3');
  assert.throws(() => canonicalJson({ x: Infinity }), TypeError);
});

test('depth is counted without recursion', () => {
  let value: unknown = 1;
  for (let i = 0; i < 100_000; i += 1) value = [value];
  assert.equal(depthOf(value), 100_000);
  assert.equal(depthOf(1), 0);
});

test('ids follow the ChaCha20 key stream', () => {
  // Key stream of the all-zero key and nonce, RFC 8439 appendix A.1, test vector 1: 76 b8 e0 ad a0 f1 …
  const rng = { alg: 'hkdf-sha256-chacha20' as const, key_ref: '', key: Buffer.alloc(32).toString('base64'), counter: 0 };
  assert.equal(nextId(rng, 'cus', 4), 'cus_48mx');
  // Block 1, test vector 2: 9f 07 e7 be …
  assert.equal(nextId(rng, 'cus', 4), 'cus_jHtE');
  assert.equal(rng.counter, 2);
});

test('durations and instants', () => {
  const durations: [unknown, number | undefined][] = [
    ['30d', 2_592_000_000], ['PT1H', 3_600_000], ['P1DT12H', 129_600_000], ['250ms', 250], [1500, 1500],
    ['P', undefined], ['PT', undefined], ['-1d', undefined], [1.5, undefined], [-1, undefined], [null, undefined],
  ];
  for (const [input, expected] of durations) assert.equal(durationMs(input), expected, String(input));
  const instants: [unknown, number | undefined][] = [
    ['2026-01-02T03:04:05Z', 1_767_323_045_000], ['2026-01-02T03:04:05.5+01:00', 1_767_319_445_500], [17, 17],
    ['2026-01-02', undefined], ['yesterday', undefined], [0.5, undefined],
  ];
  for (const [input, expected] of instants) assert.equal(instantMs(input), expected, String(input));
});

test('a month ends on the last day when it is shorter', () => {
  const seconds = (iso: string): number => Date.parse(iso) / 1000;
  const month = { interval: 'month', interval_count: 1 };
  assert.equal(periodEnd(seconds('2026-01-31T10:00:00Z'), month), seconds('2026-02-28T10:00:00Z'));
  assert.equal(periodEnd(seconds('2026-12-15T00:00:00Z'), month), seconds('2027-01-15T00:00:00Z'));
  assert.equal(periodEnd(seconds('2028-02-29T00:00:00Z'), { interval: 'year', interval_count: 1 }), seconds('2029-02-28T00:00:00Z'));
});

test('forms decode to nested values', () => {
  assert.deepEqual(decodeForm('a=1&m[k]=v&l[0][x]=1&l[1][x]=2&t[]=p&t[]=q'), { a: '1', m: { k: 'v' }, l: [{ x: '1' }, { x: '2' }], t: ['p', 'q'] });
  decodeForm('__proto__[polluted]=yes&constructor[prototype][polluted]=yes');
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
});
