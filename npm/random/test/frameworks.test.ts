// The middleware in each framework, alone and together with the clock's.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { random } from '@molar/random';
import { time } from '@molar/time';
import type { App } from '../../time/test/support/apps.js';
import { FRAMEWORKS } from '../../time/test/support/apps.js';
import { LEAP, SECRET, ask, header } from '../../time/test/support/ask.js';

process.env['MOLAR_REPLAY_SECRET'] = SECRET;
const NativeDate = Date;

const draw = async (): Promise<unknown> => {
  const first = [Math.random(), crypto.randomUUID()];
  await new Promise((resolve) => setImmediate(resolve));
  return [...first, Math.random(), crypto.randomBytes(8).toString('hex')];
};

for (const [name, start] of Object.entries(FRAMEWORKS)) {
  describe(name, () => {
    let app: App;
    before(async () => {
      app = await start([random], draw);
    });
    after(() => app.close());
    const drawn = async (headers: Record<string, string>): Promise<unknown> => (await ask(app.url, headers)).value;

    test('the same header draws the same, whoever else draws meanwhile', async () => {
      const alone = await drawn(header());
      const together = await Promise.all([drawn(header()), drawn(header({ seq: 2 })), drawn({}), drawn(header())]);
      assert.deepEqual([together[0], together[3]], [alone, alone]);
      assert.notDeepEqual(together[1], alone);
      assert.notDeepEqual(together[2], alone);
    });
    test('another run, number or address draws something else, and nothing is constant', async () => {
      const answers = [await drawn(header()), await drawn(header({ seq: 2 })), await drawn(header({ run: 'run_2' })), (await ask(`${app.url}/other`, header())).value];
      const values = answers.flat();
      assert.equal(new Set(values).size, values.length);
    });
    test('requests without a header, or with a forged one, draw really', async () => {
      const answers = [await ask(app.url), await ask(app.url), await ask(app.url, header({ secret: 'another' })), await ask(app.url, header({ secret: 'another' }))];
      const values = answers.flatMap(({ value }) => value);
      assert.equal(new Set(values).size, values.length);
      assert.deepEqual(answers.map(({ headers }) => headers.get('x-molar-random')), [null, null, null, null]);
    });
    test('the answer says so, and the clock is left alone', async () => {
      const { headers } = await ask(app.url, header());
      assert.equal(headers.get('x-molar-random'), 'active;v=1');
      assert.equal(headers.get('x-molar-time'), null);
      assert.equal(Date, NativeDate);
    });
  });
}

describe('with the clock', () => {
  for (const [name, start] of Object.entries(FRAMEWORKS)) {
    test(name, async () => {
      const app = await start([time, random], async () => [Date.now(), await draw()]);
      try {
        const first = await ask(app.url, header());
        assert.deepEqual((await ask(app.url, header())).value, first.value);
        assert.equal((first.value as unknown[])[0], LEAP);
        assert.deepEqual(['time', 'random'].map((part) => first.headers.get(`x-molar-${part}`)), ['active;v=1', 'active;v=1']);
      } finally {
        await app.close();
      }
    });
  }
});
