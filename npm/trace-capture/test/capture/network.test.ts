import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RequestBook } from '../../dist/network/book.js';
import { partsOf } from '../../dist/network/chosen-files.js';
import { BodyStream, Exchange, header } from '../../dist/network/exchange.js';
import { Turnstile } from '../../dist/network/response-body.js';
import type { Session } from '../../dist/session.js';

describe('a body collected while it arrives', () => {
  const pieces: readonly { readonly name: string; readonly limit: number; readonly received: number; readonly text: string; readonly truncated?: number }[] = [
    { name: 'whole', limit: 100, received: 11, text: 'early later' },
    { name: 'cut at the limit', limit: 7, received: 11, text: 'early l', truncated: 4 },
    { name: 'short of what was announced', limit: 100, received: 20, text: 'early later', truncated: 9 },
  ];
  for (const { name, limit, received, text, truncated } of pieces) {
    test(name, () => {
      const stream = new BodyStream(limit, true);
      stream.add(Buffer.from('lat'), 20.0004);
      stream.add(Buffer.from('er'), 30);
      stream.addBuffered(Buffer.from('early '), 10);
      assert.deepEqual(stream.chunks, [[10, 6], [20, 3], [30, 2]]);
      const body = stream.body(received);
      assert.ok('data' in body);
      assert.deepEqual([body.data.toString(), body.truncated], [text, truncated]);
    });
  }

  test('keeps no more than its limit and one piece', () => {
    const stream = new BodyStream(10, false);
    for (let number = 0; number < 1_000; number += 1) stream.add(Buffer.alloc(8, number), number);
    const body = stream.body(8_000);
    assert.ok('data' in body);
    assert.deepEqual([body.data.length, body.truncated, stream.chunks.length], [10, 7_990, 0]);
    assert.deepEqual([...body.data.subarray(6)], [0, 0, 1, 1]);
  });
});

describe('parts of a form', () => {
  const cases: readonly { readonly name: string; readonly form: string; readonly parts: readonly (readonly [string, string | undefined])[] }[] = [
    { name: 'a field and an empty file', form: '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\none\r\n--B\r\nContent-Disposition: form-data; name="f"; filename="x.bin"\r\nContent-Type: text/plain\r\n\r\n\r\n--B--\r\n', parts: [['one', undefined], ['', 'x.bin']] },
    { name: 'no file chosen', form: '--B\r\nContent-Disposition: form-data; name="f"; filename=""\r\n\r\n\r\n--B--\r\n', parts: [['', undefined]] },
    { name: 'cut short', form: '--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\nhalf', parts: [] },
    { name: 'not a form', form: 'something else', parts: [] },
    { name: 'nothing', form: '', parts: [] },
  ];
  for (const { name, form, parts } of cases) {
    test(name, () => {
      const data = Buffer.from(form);
      assert.deepEqual(partsOf(data, 'B').map(({ from, to, file }) => [data.toString('utf8', from, to), file]), parts);
    });
  }
});

test('few bodies are asked for at a time, and all in the end, failures included', async () => {
  const turnstile = new Turnstile();
  let [running, most] = [0, 0];
  const outcomes = await Promise.allSettled(Array.from({ length: 40 }, async (_, number) => await turnstile.pass(async () => {
    most = Math.max(most, (running += 1));
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    if (number % 3 === 0) throw new Error('gone');
    return number;
  })));
  assert.deepEqual([outcomes.filter(({ status }) => status === 'fulfilled').length, running, most], [26, 0, 6]);
});

/** The raw headers of three hops, of which the second is answered without the network, in every order that keeps theirs. */
describe('raw headers find their hop', () => {
  type Move = (book: RequestBook, session: Session, hops: readonly Exchange[]) => void;
  const hop = (index: number): Exchange => new Exchange({
    id: `r${index}`, key: 'k', method: 'GET', url: `http://site/${index}`, resourceType: 'document', stepId: undefined, where: () => ({}),
    startMs: 0, redirectedFrom: undefined, preflightFor: undefined, hasBody: false, requestHeaders: { intended: String(index) },
  });
  const add = (index: number): Move => (book, session, hops) => book.add(session, hops[index] as Exchange);
  const has = (index: number, value: boolean): Move => (book, session, hops) => book.hasExtra(session, hops[index] as Exchange, value);
  const sent = (value: string): Move => (book, session) => book.sent(session, { requestId: 'k', headers: { cookie: value } });
  const got = (value: string): Move => (book, session) => book.received(session, { requestId: 'k', headers: { 'set-cookie': value }, statusCode: 200 });
  const known = [add(0), has(0, true), add(1), has(1, false), add(2), has(2, true)];
  const raw = [sent('first'), got('first'), sent('third'), got('third')];
  const orders: readonly (readonly Move[])[] = [[...known, ...raw], [...known.slice(0, 4), ...raw.slice(0, 2), ...known.slice(4), ...raw.slice(2)], [...raw.slice(0, 2), ...known, ...raw.slice(2)]];
  for (const [number, moves] of orders.entries()) {
    test(`order ${number + 1}`, () => {
      const written: unknown[] = [];
      const session = { seen: new Set(), recorder: { tsOf: () => 0 }, append: (_kind: string, payload: unknown) => written.push(payload) } as unknown as Session;
      const book = new RequestBook();
      const hops = [hop(0), hop(1), hop(2)];
      for (const move of moves) move(book, session, hops);
      assert.deepEqual(hops.map(({ requestHeaders }) => header(requestHeaders, 'cookie')), ['first', undefined, 'third']);
      assert.deepEqual(hops.map(({ extra }) => extra?.headers['set-cookie']), ['first', undefined, 'third']);
      assert.equal(written.length, 3, 'a line for each hop whose headers are known, or will never be told');
    });
  }
});

test('a preflight is written when the request is known that it asks for, which another process tells', () => {
  const written: object[] = [];
  const session = { seen: new Set(), recorder: { tsOf: () => 0 }, append: (_kind: string, payload: object) => written.push(payload) } as unknown as Session;
  const book = new RequestBook();
  const exchange = (key: string, preflightFor?: () => string | undefined): Exchange => new Exchange({
    id: `r-${key}`, key, method: 'PUT', url: 'http://site/', resourceType: 'fetch', stepId: undefined, where: () => ({}),
    startMs: 0, redirectedFrom: undefined, preflightFor, hasBody: false, requestHeaders: {},
  });
  book.add(session, exchange('preflight', () => book.idOf('asker')));
  book.sent(session, { requestId: 'preflight', headers: {} });
  assert.deepEqual(written, []);
  book.add(session, exchange('asker'));
  assert.deepEqual(written.map((payload) => Reflect.get(payload, 'preflight_for') as unknown), ['r-asker']);
});

/** What routes did, told before and after the requests they are about. */
describe('the word of a route finds its request', () => {
  type Move = 'first' | 'second' | 'other' | 'preflight' | 'answered' | 'fulfilled' | 'continued';
  const cases: readonly (readonly [string, readonly Move[], Readonly<Record<string, string | undefined>>])[] = [
    ['told after it', ['first', 'fulfilled'], { first: 'fulfilled' }],
    ['told before it', ['fulfilled', 'first'], { first: 'fulfilled' }],
    ['told before it, with another on its way', ['fulfilled', 'other', 'first'], { other: undefined, first: 'fulfilled' }],
    ['two at one address, in order', ['fulfilled', 'first', 'continued', 'second'], { first: 'fulfilled', second: 'continued' }],
    ['not to one that is answered', ['first', 'answered', 'fulfilled', 'second'], { first: undefined, second: 'fulfilled' }],
    ['not to a preflight, which no route sees', ['fulfilled', 'preflight', 'first'], { preflight: undefined, first: 'fulfilled' }],
    ['once', ['fulfilled', 'first', 'second'], { first: 'fulfilled', second: undefined }],
  ];
  for (const [name, moves, expected] of cases) {
    test(name, () => {
      const session = { seen: new Set(), recorder: { tsOf: () => 0 }, append: () => undefined } as unknown as Session;
      const book = new RequestBook();
      const exchanges = new Map<string, Exchange>();
      for (const move of moves) {
        if (move === 'fulfilled' || move === 'continued') book.routed('GET', 'http://site/', move);
        else if (move === 'answered') Object.assign(exchanges.get('first') ?? {}, { response: { status: 200 } });
        else {
          const exchange = new Exchange({
            id: move, key: move, method: 'GET', url: move === 'other' ? 'http://site/other' : 'http://site/', resourceType: move === 'preflight' ? 'preflight' : 'fetch', stepId: undefined,
            where: () => ({}), startMs: 0, redirectedFrom: undefined, preflightFor: undefined, hasBody: false, requestHeaders: {},
          });
          exchanges.set(move, exchange);
          book.add(session, exchange);
        }
      }
      assert.deepEqual(Object.fromEntries([...exchanges].map(([key, { routed }]) => [key, routed])), expected);
    });
  }
});
