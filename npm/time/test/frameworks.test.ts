// Each framework really serves; what holds for one must hold for all.
import assert from 'node:assert/strict';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { time as molarTime } from '@molar/time';
import type { App, Work } from './support/apps.js';
import { FRAMEWORKS } from './support/apps.js';
import { LEAP, SECRET, ask, header } from './support/ask.js';

process.env['MOLAR_REPLAY_SECRET'] = SECRET;
const NativeDate = Date;

/** Handlers by path, the same for every framework. */
const WORK: Record<string, Work> = {
  '/now': () => Date.now(),
  '/body': (_request, body) => [body, Date.now()],
  '/after-awaits': async () => {
    await Promise.resolve();
    await sleep(1);
    await immediate();
    return Date.now();
  },
  '/slow': async () => {
    const first = Date.now();
    await meeting.arrive();
    return [first, Date.now()];
  },
};

/** Lets two requests wait for each other, so that they are under way at once. */
const meeting = {
  waiting: [] as (() => void)[],
  arrive(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      if (this.waiting.length === 2) this.waiting.splice(0).forEach((go) => go());
    });
  },
};

for (const [name, start] of Object.entries(FRAMEWORKS)) {
  describe(name, () => {
    let app: App;
    before(async () => {
      app = await start([molarTime], (request, body) => WORK[request.url ?? '']?.(request, body));
    });
    after(() => app.close());
    const time = async (path: string, headers?: Record<string, string>, body?: string): Promise<unknown> => (await ask(app.url + path, headers, body)).value;

    test('a replayed request has the clock of its header, and says so', async () => {
      const { value, headers } = await ask(`${app.url}/now`, header());
      assert.equal(value, LEAP);
      assert.equal(headers.get('x-molar-time'), 'active;v=1');
      assert.equal(headers.get('date'), 'Thu, 29 Feb 2024 12:00:00 GMT');
    });
    test('every other request has the real one', async () => {
      const before = NativeDate.now();
      const { value, headers } = await ask(`${app.url}/now`);
      assert.ok(typeof value === 'number' && value >= before);
      assert.equal(headers.get('x-molar-time'), null);
    });
    test('the clock is kept after a body was read, and over awaits and timers', async () => {
      assert.deepEqual(await time('/body', header(), 'hello'), ['hello', LEAP]);
      assert.equal(await time('/after-awaits', header()), LEAP);
    });
    test('two requests at once have a clock each', async () => {
      const answers = await Promise.all([LEAP, LEAP + 1000].map((t) => time('/slow', header({ t }))));
      assert.deepEqual(answers, [[LEAP, LEAP], [LEAP + 1000, LEAP + 1000]]);
    });
    test('a forged header is ignored', async () => {
      const before = NativeDate.now();
      const { value, headers } = await ask(`${app.url}/now`, header({ secret: 'another secret' }));
      assert.ok(typeof value === 'number' && value >= before);
      assert.equal(headers.get('x-molar-time'), null);
    });
  });
}
