// Whole processes: the preload needs no line in the application, and the package loads from both kinds of modules.
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { SECRET, ask, header } from '../../time/test/support/ask.js';
import { started } from '../../time/test/support/child.js';

/** npm runs a package's scripts in the package's folder. */
const fixture = (file: string): string => resolve('test', 'fixtures', file);

for (const flag of ['--import', '--require']) {
  test(`preloaded with ${flag}, also what was kept when the server was loaded is covered`, async () => {
    const child = started([flag, '@molar/random/preload', fixture('server.mjs')], { MOLAR_REPLAY_SECRET: SECRET });
    try {
      const url = `http://127.0.0.1:${((await child.first) as { port: number }).port}`;
      const [first, again, real] = [await ask(url, header()), await ask(url, header()), await ask(url)];
      assert.deepEqual(again.value, first.value);
      assert.equal(new Set([...(first.value as unknown[]), ...(real.value as unknown[])]).size, 8);
    } finally {
      await child.end();
    }
  });
}

test('named imports of an ES module are covered by the middleware', async () => {
  const child = started([fixture('named-imports.mjs')], { MOLAR_REPLAY_SECRET: SECRET });
  try {
    const url = `http://127.0.0.1:${((await child.first) as { port: number }).port}`;
    const [real, first, again, other] = [await ask(url), await ask(url, header()), await ask(url, header()), await ask(url, header({ seq: 2 }))];
    assert.deepEqual(again.value, first.value);
    assert.equal(new Set([real, first, other].flatMap(({ value }) => value)).size, 15);
  } finally {
    await child.end();
  }
});

test('without a secret the preload does nothing', async () => {
  const child = started(['--import', '@molar/random/preload', fixture('server.mjs')], { MOLAR_REPLAY_SECRET: undefined });
  try {
    const url = `http://127.0.0.1:${((await child.first) as { port: number }).port}`;
    const [first, again] = [await ask(url, header()), await ask(url, header())];
    assert.equal(new Set([...(first.value as unknown[]), ...(again.value as unknown[])]).size, 8);
    assert.equal(first.headers.get('x-molar-random'), null);
  } finally {
    await child.end();
  }
});

test('CommonJS and ES modules get the same package', async () => {
  for (const file of ['consumer.cjs', 'consumer.mjs']) {
    const child = started([fixture(file)], {});
    assert.deepEqual(await child.first, ['function', 'function']);
    await child.end();
  }
});
