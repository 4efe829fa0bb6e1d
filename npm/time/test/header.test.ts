import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { signReplayHeader, verifyReplayHeader } from '@molar/time';
import { LEAP, SECRET } from './support/ask.js';

const GOOD = { run: 'run_1', t: LEAP, mode: 'fixed', seq: '7' } as const;

/** A header with a true signature, whatever its text says. */
const signed = (text: string): string => `${text};sig=${createHmac('sha256', SECRET).update(text).digest('hex')}`;

test('what was signed is read back', () => {
  const cases = [
    GOOD,
    { ...GOOD, mode: 'shift' as const, seq: '7.1.12' },
    { ...GOOD, t: -1, seq: '0' },
    { ...GOOD, run: 'run;t=0;mode=shift äß%20/ 1' },
  ];
  for (const given of cases) assert.deepEqual(verifyReplayHeader(signReplayHeader(given, SECRET), SECRET), given);
});

test('the form is the documented one', () => {
  assert.equal(signReplayHeader({ ...GOOD, t: LEAP + 0.9, seq: 7 }, SECRET), signed(`v1;run=run_1;t=${LEAP};mode=fixed;seq=7`));
});

test('whatever was not signed with the secret, or says what nobody may, counts as none', () => {
  const good = signReplayHeader(GOOD, SECRET);
  const cases: Record<string, unknown> = {
    absent: undefined,
    empty: '',
    unsigned: good.replace(/;sig=.*/, ''),
    'signed with another secret': signReplayHeader(GOOD, 'another'),
    'changed after signing': good.replace('run_1', 'run_2'),
    'cut signature': good.slice(0, -1),
    'signature in capitals': good.replace(/sig=.*/, (sig) => sig.toUpperCase()),
    'sent twice': `${good}, ${good}`,
    'a list': [good],
    'of a later version': signed(good.replace(/;sig=.*/, '').replace('v1', 'v2')),
    'with an unknown mode': signed(`v1;run=r;t=1;mode=slow;seq=1`),
    'with a time that no date holds': signed('v1;run=r;t=8640000000000001;mode=fixed;seq=1'),
    'with a broken seq': signed('v1;run=r;t=1;mode=fixed;seq=1..2'),
    'with a broken escape': signed('v1;run=%E0%A4%A;t=1;mode=fixed;seq=1'),
    'with a run that is too long': signed(`v1;run=${'r'.repeat(201)};t=1;mode=fixed;seq=1`),
    oversized: signed(`v1;run=${'r'.repeat(600)};t=1;mode=fixed;seq=1`),
  };
  for (const [what, text] of Object.entries(cases)) assert.equal(verifyReplayHeader(text, SECRET), undefined, what);
});

test('without a secret nothing is believed', () => {
  const byEmpty = `v1;run=r;t=1;mode=fixed;seq=1;sig=${createHmac('sha256', '').update('v1;run=r;t=1;mode=fixed;seq=1').digest('hex')}`;
  assert.equal(verifyReplayHeader(byEmpty, ''), undefined);
  assert.equal(verifyReplayHeader(signReplayHeader(GOOD, SECRET), undefined), undefined);
});

test('what a server would ignore is not signed', () => {
  const cases: [string, Parameters<typeof signReplayHeader>[0], string][] = [
    ['secret', GOOD, ''],
    ['run', { ...GOOD, run: '' }, SECRET],
    ['run', { ...GOOD, run: 'ä'.repeat(100) }, SECRET],
    ['t', { ...GOOD, t: Number.NaN }, SECRET],
    ['seq', { ...GOOD, seq: '1.' }, SECRET],
    ['seq', { ...GOOD, seq: -1 }, SECRET],
  ];
  for (const [word, given, secret] of cases) assert.throws(() => signReplayHeader(given, secret), { name: 'TypeError', message: new RegExp(word) });
});
