import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonical, fits } from '../dist/guest/calls/canonical.js';
import type { OnLeft } from '../dist/guest/calls/memo.js';
import { Memo } from '../dist/guest/calls/memo.js';
import { readTape } from '../dist/guest/calls/recorded-tape.js';
import { Tape } from '../dist/guest/calls/tape.js';
import { Waits, unanswerableIn } from '../dist/guest/calls/waits.js';
import { heldAtOnce } from '../dist/guest/restore/gate.js';

const call = (method: string, params: object, result?: unknown): ConstructorParameters<typeof Tape>[0][number] => ({ class: 'Frame', method, params: params as Record<string, unknown>, result, start_ms: 0 });
const asked = (method: string, params: object, more: object = {}): Parameters<Memo['answer']>[0] =>
  ({ object: {}, type: 'Frame', guid: 'frame@1', method, params: params as Record<string, unknown>, internal: false, proceed: async () => 'live', ...more });

describe('a recorded call and one of a replay', () => {
  const pairs: readonly [string, unknown, unknown, boolean][] = [
    ['differ in patience only', { url: '/', timeout: 1 }, { timeout: 2, url: '/' }, true],
    ['differ in a value', { url: '/' }, { url: '/a' }, false],
    ['differ in a name', { url: '/' }, { url: '/', strict: true }, false],
    ['name an object by its kind', { arg: '<JSHandle>' }, { arg: { guid: 'js-handle@1f' } }, true],
    ['differ in what was redacted', { value: 'a [REDACTED:input:4] b' }, { value: 'a secret b' }, true],
    ['differ beside what was redacted', { value: 'a [REDACTED:input:4] b' }, { value: 'a secret c' }, false],
    ['hold a list of another length', { list: [1] }, { list: [1, 2] }, false],
  ];
  for (const [how, recorded, now, same] of pairs) it(`${how}: ${same ? 'the same' : 'others'}`, () => assert.equal(fits(canonical(recorded), canonical(now)), same));
});

describe('the tape', () => {
  it('gives calls that were made side by side in any order, each once', () => {
    const tape = new Tape([call('click', { selector: 'a' }, 1), call('click', { selector: 'b' }, 2), call('click', { selector: 'b' }, 3)]);
    const take = (selector: string): unknown => {
      const taken = tape.take('Frame', 'click', { selector });
      return 'call' in taken ? taken.call.result : 'other';
    };
    assert.deepEqual([take('b'), take('a'), take('b'), take('b')], [2, 1, 3, 'other']);
  });

  it('is cut at a moment of the record', () => {
    const tape = readTape({ tape: () => [1, 2, 3].map((n) => JSON.stringify({ class: 'Frame', method: 'click', params: { n }, start_ms: n })).join('\n') });
    const numbers = (calls: readonly { params: Readonly<Record<string, unknown>> }[] | undefined): unknown => calls?.map(({ params }) => params['n']);
    assert.deepEqual([numbers(tape?.before(2)), numbers(tape?.from(2)), readTape({ tape: () => '' })], [[1], [2, 3], undefined]);
  });
});

describe('the first assertions of the live part', () => {
  const expects = (selector: string, took_ms: number, more: object = {}): ConstructorParameters<typeof Tape>[0][number] => ({ ...call('expect', { selector }), end_ms: took_ms, ...more });
  const cases: readonly [string, ConstructorParameters<typeof Tape>[0], string[]][] = [
    ['that held at once were so before it', [expects('a', 20), call('textContent', {}), expects('b', 90)], ['a', 'b']],
    ['that had to wait say nothing of the page before, nor do those after them', [expects('a', 20), expects('b', 100), expects('c', 5)], ['a']],
    ['after an act say nothing of it', [call('click', {}), expects('a', 5)], []],
    ['that failed say nothing of it', [expects('a', 5, { error: { message: 'no' } })], []],
    ['without a recorded end say nothing of it', [call('expect', { selector: 'a' })], []],
  ];
  for (const [how, coming, asked] of cases) it(how, () => assert.deepEqual(heldAtOnce(coming).map(({ params }) => params['selector']), asked));
});

describe('a call of a skipped step', () => {
  const left: string[] = [];
  const leave: OnLeft = (code, message) => {
    left.push(code);
    return new Error(`${code}: ${message}`);
  };
  const nowhere = (): never => {
    throw new Error('no record');
  };
  const memo = (calls: ConstructorParameters<typeof Tape>[0]): Memo => {
    const tape = new Tape(calls);
    return new Memo(tape, new Waits(tape, { all: [] } as unknown as ConstructorParameters<typeof Waits>[1], nowhere, leave), { response: () => undefined }, leave);
  };

  it('is answered as it was, its failure included', async () => {
    const one = memo([call('title', {}, { value: 'Tea' }), { ...call('click', { selector: 'a' }), error: { name: 'TimeoutError', message: 'too late' } }]);
    assert.deepEqual(await one.answer(asked('title', {})), { value: 'Tea' });
    await assert.rejects(one.answer(asked('click', { selector: 'a' })) ?? Promise.resolve(), { name: 'TimeoutError', message: 'too late' });
  });

  it('is carried out when it only sets the browser up, or is no call of the test', () => {
    const one = memo([]);
    assert.equal(one.answer(asked('newPage', {}, { type: 'BrowserContext' })), undefined);
    assert.equal(one.answer(asked('evaluateExpression', {}, { internal: true })), undefined);
  });

  it('is refused when the record has another', async () => {
    await assert.rejects(memo([call('click', { selector: 'a' })]).answer(asked('click', { selector: 'b' })) ?? Promise.resolve(), /SKIPPED_REGION_DIVERGED: .*Frame\.click\(\{"selector":"b"\}\) where the record has Frame\.click\(\{"selector":"a"\}\)/);
  });

  it('gives objects that say what they are when they are used', async () => {
    const made = (await memo([call('goto', { url: '/' }, { response: '<Response>' })]).answer(asked('goto', { url: '/' }))) as { response: { _object: { status(): number } } };
    assert.throws(() => made.response._object.status(), /UNSUPPORTED_HANDLE: the test uses «status» of the Response that Frame\.goto gave/);
  });

  it('that waits for an event which nothing can repeat leaves the record, and is known before it begins', () => {
    left.length = 0;
    assert.equal(memo([]).answer(asked('__waitInfo__', { phase: 'before', waitId: 'w', event: 'filechooser' }, { type: 'Page' })), undefined);
    assert.deepEqual(left, ['UNSUPPORTED_HANDLE']);
    const wait = (event: string): Parameters<typeof unanswerableIn>[0][number] => ({ class: 'Page', method: '__waitInfo__', params: { phase: 'before', event } });
    assert.match(unanswerableIn([wait(''), wait('response'), wait('filechooser')]) ?? '', /«filechooser»/);
    assert.equal(unanswerableIn([wait(''), wait('response'), wait('popup'), wait('close')]), undefined);
  });

  it('asks a context for what it stores as it was then, once the browser is as it was last', async () => {
    const stored = { class: 'BrowserContext', method: 'cookies', params: { urls: [] }, result: { cookies: [] } };
    const question = asked('cookies', { urls: [] }, { type: 'BrowserContext' });
    assert.equal(memo([stored]).answer(question, false), undefined);
    assert.deepEqual(await memo([stored]).answer(question, true), { cookies: [] });
  });
});
