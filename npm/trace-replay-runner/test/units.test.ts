import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { cookiesOf } from '../dist/guest/calls/cookies.js';
import { bodyOf } from '../dist/guest/calls/sent-body.js';
import { pieces } from '../dist/guest/network/chunk-server.js';
import { fulfilment, preflight } from '../dist/guest/network/fulfil.js';
import { reasonFor } from '../dist/guest/network/reasons.js';
import { readSockets } from '../dist/guest/network/recorded-sockets.js';
import { asksForWhole, isSentAgain } from '../dist/guest/network/sent-again.js';
import { readOrder } from '../dist/guest/order.js';
import { Pace } from '../dist/guest/pace.js';
import { Progress } from '../dist/guest/progress.js';
import { Stall } from '../dist/guest/stall.js';

const body = Buffer.from('0123456789');
const answer = { kind: 'response', status: 200, headers: [['Content-Length', '10'], ['Set-Cookie', 'a=1\nb=2; HttpOnly'], ['Content-Encoding', 'br']], body: 'whole', duration_ms: 1 } as const;

describe('an answer as the browser is given it', () => {
  it('is without the headers of the wire, and its cookies stand alone', () => {
    assert.deepEqual(fulfilment({ slice: null }, answer, body).responseHeaders, [{ name: 'Set-Cookie', value: 'a=1' }, { name: 'Set-Cookie', value: 'b=2; HttpOnly' }]);
  });
  const ranges: readonly [readonly [number, number | null], number, string, string][] = [
    [[2, 4], 206, '234', 'bytes 2-4/10'],
    [[8, null], 206, '89', 'bytes 8-9/10'],
    [[8, 99], 206, '89', 'bytes 8-9/10'],
    [[10, null], 416, '', 'bytes */10'],
  ];
  for (const [slice, status, text, range] of ranges) {
    it(`is cut to ${JSON.stringify(slice)}`, () => {
      const given = fulfilment({ slice }, answer, body);
      assert.deepEqual([given.responseCode, Buffer.from(given.body, 'base64').toString(), given.responseHeaders.at(-1)], [status, text, { name: 'content-range', value: range }]);
    });
  }
  it('gives leave for what a preflight asks', () => {
    const given = preflight({ Origin: 'https://a.test', 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'x-a' });
    const headers = Object.fromEntries(given.responseHeaders.map(({ name, value }) => [name, value]));
    assert.equal(headers['access-control-allow-origin'], 'https://a.test');
    assert.equal(headers['access-control-allow-methods'], 'PUT');
    assert.equal(headers['access-control-allow-headers'], 'x-a');
    assert.equal(headers['access-control-allow-credentials'], 'true');
  });
});

describe('a recorded failure', () => {
  for (const [error, reason] of [['net::ERR_CONNECTION_REFUSED', 'ConnectionRefused'], ['net::ERR_NAME_NOT_RESOLVED at x', 'NameNotResolved'], ['net::ERR_CERT_DATE_INVALID', 'Failed'], ['csp', 'Failed']] as const) {
    it(`${error} fails with ${reason}`, () => assert.equal(reasonFor(error), reason));
  }
});

describe('a recorded stream', () => {
  const events = Buffer.from('data: 1\n\ndata: 22\n\ndata: 3\n\n');
  it('comes in the pieces in which it came', () => {
    assert.deepEqual(pieces([[5, 9], [8, 19]], events, true).map(({ at_ms, data }) => [at_ms, data.toString()]), [[5, 'data: 1\n\n'], [8, 'data: 22\n\ndata: 3\n\n']]);
  });
  it('keeps events whole where its length is not what was counted', () => {
    assert.deepEqual(pieces([[5, 7], [8, 3], [9, 2]], events, true).map(({ data }) => data.toString()), ['data: 1\n\n', 'data: 22\n\n', 'data: 3\n\n']);
  });
});

describe('recorded sockets', () => {
  it('are closed by their server again, and not by their page', () => {
    const raw = (code: number): object => ({ url: 'ws://h/', opened_ms: 0, frames: [{ direction: 'received', ts_ms: 1, text: 'a' }, { direction: 'received', ts_ms: 2, missing: true }, { direction: 'sent', ts_ms: 3, base64: 'AQ==' }], closed_ms: 9, code, reason: 'r' });
    const [server, page] = readSockets(JSON.stringify([raw(4000), raw(1001)]));
    assert.deepEqual(server?.closed, { at_ms: 9, code: 4000, reason: 'r' });
    assert.equal(page?.closed, undefined);
    assert.deepEqual(page?.frames, [{ direction: 'received', at_ms: 1, data: 'a' }, { direction: 'sent', at_ms: 3, data: Buffer.from([1]) }]);
  });
});

describe('the pace of a replay', () => {
  const marks = [{ id: 's1', ts_ms: 100 }, { id: 's2', ts_ms: 500 }, { id: 's3', ts_ms: 900 }];
  it('goes on by itself, waits for the next step and is moved by it', () => {
    let now_ms = 0;
    const pace = new Pace(marks, () => now_ms);
    const seen = [pace.now()];
    now_ms = 5_000;
    seen.push(pace.now());
    pace.stepBegins('s1');
    now_ms += 30;
    seen.push(pace.now());
    pace.stepBegins('s3');
    pace.stepBegins('unknown');
    now_ms += 7_000;
    seen.push(pace.now());
    assert.deepEqual(seen, [0, 100, 130, 7_900]);
  });
  it('lets go what was recorded before the step that begins, and nothing of later', async () => {
    const pace = new Pace(marks, () => 0);
    const done: number[] = [];
    const waits = [450, 500, 501].map(async (at_ms) => {
      await pace.reaches(at_ms);
      done.push(at_ms);
    });
    pace.stepBegins('s2');
    await Promise.all(waits.slice(0, 2));
    assert.deepEqual(done, [450, 500]);
    pace.end();
    await waits[2];
  });
});

describe('what the client of a test sends', () => {
  it('is spelled as it goes over the wire', () => {
    assert.equal(bodyOf({ jsonData: '{"a":1}' })?.data.toString(), '{"a":1}');
    assert.equal(bodyOf({ formData: [{ name: 'a b', value: '&' }] })?.data.toString(), 'a+b=%26');
    assert.match(bodyOf({ multipartData: [{ name: 'f', file: { name: 'x.txt', mimeType: 'text/plain', buffer: Buffer.from('hi') } }] })?.data.toString() ?? '', /filename="x\.txt"\r\nContent-Type: text\/plain\r\n\r\nhi\r\n--/);
    assert.equal(bodyOf({}), undefined);
  });
  it('brings cookies back', () => {
    const [cookie] = cookiesOf('sid=a=b; Path=/x; HttpOnly; Secure; SameSite=lax', 'https://shop.test/login');
    assert.deepEqual(cookie, { name: 'sid', value: 'a=b', domain: 'shop.test', path: '/x', httpOnly: true, secure: true, sameSite: 'Lax' });
    assert.deepEqual(cookiesOf('nothing', 'https://shop.test/'), []);
  });
});

describe('an order', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'molar-order-')), 'order.json');
  const whole = { version: 1, replay_id: 'r', trace: '/t', from_step: 2, strategy: 'auto', app_mode: 'live', guest: '/g' };
  const read = (changed: object): unknown => {
    writeFileSync(path, JSON.stringify({ ...whole, ...changed }));
    return readOrder(path);
  };
  it('is taken when it is whole', () => assert.deepEqual(read({}), whole));
  for (const [changed, field] of [[{ version: 2 }, 'version'], [{ from_step: 0 }, 'from_step'], [{ strategy: 'magic' }, 'strategy'], [{ app_mode: 'x' }, 'app_mode'], [{ trace: 1 }, 'trace']] as const) {
    it(`names \`${field}\` when that is wrong`, () => assert.throws(() => read(changed), new RegExp(`\`${field}\` must be`)));
  }
});

describe('a step that stands still', () => {
  it('is one in which nothing began or ended for too long', () => {
    let now_ms = 0;
    const stall = new Stall(100, () => now_ms);
    const check = (at_ms: number, stalled: boolean): void => {
      now_ms = at_ms;
      assert.equal(stall.isStalled, stalled, `at ${at_ms} ms`);
    };
    check(100, false);
    check(101, true);
    const ended = stall.begin('a call');
    check(201, false);
    check(202, true);
    ended();
    assert.deepEqual(stall.pending, []);
    check(302, false);
    // A step that took long in the record may take long again.
    stall.stepBegins(1_000);
    check(2_402, false);
    check(2_403, true);
    stall.begin('one');
    stall.begin('two');
    assert.deepEqual(stall.pending, ['one', 'two']);
  });
});

describe('a piece of a body', () => {
  it('that came after its step does not hold the step up', async () => {
    const pace = new Pace([{ id: 's1', ts_ms: 0 }, { id: 's2', ts_ms: 10 }]);
    pace.stepBegins('s1');
    // Without patience it would wait for a step that waits for it.
    await pace.reaches(20, 1);
  });
});

describe('a recorded header, when the running application is asked', () => {
  const headers: readonly [string, boolean, boolean][] = [
    ['Authorization', true, true], ['content-type', true, true], ['If-None-Match', true, false], ['range', true, false],
    ['cookie', false, true], [':path', false, true], ['Expect', false, true], ['keep-alive', false, true], ['content-length', false, true],
  ];
  for (const [name, isSent, isWhole] of headers) {
    it(`${name} is ${isSent ? '' : 'not '}sent again${isWhole ? '' : ', and asks for less than the whole'}`, () => {
      assert.deepEqual([isSentAgain(name), asksForWhole(name)], [isSent, isWhole]);
    });
  }
});

describe('progress that cannot be written', () => {
  const full = ['/dev/full', join(tmpdir(), 'molar-none', 'progress.ndjson')].filter((file) => process.platform === 'linux' || !file.startsWith('/dev'));
  for (const file of full) it(`(${file}) does not touch the test`, () => assert.equal(new Progress(file).tell({ state: 'running' }), undefined));
});
