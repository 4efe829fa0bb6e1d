// Whole processes: the preload needs no line in the application, and the package loads from both kinds of modules.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ask, LEAP, SECRET, header } from './support/ask.js';
import { started } from './support/child.js';

/** npm runs a package's scripts in the package's folder. */
const FIXTURES = join(process.cwd(), 'test', 'fixtures');

for (const flag of ['--import', '--require']) {
  describe(`preloaded with ${flag}`, () => {
    const start = (secret: string | undefined) => started([flag, '@molar/time/preload', join(FIXTURES, 'server.mjs')], { MOLAR_REPLAY_SECRET: secret });

    test('a server is covered without a middleware, with what it kept when it was loaded', async () => {
      const child = start(SECRET);
      try {
        const ports = (await child.first) as { http: number; http2: number };
        const url = `http://127.0.0.1:${ports.http}`;
        const { value, headers } = await ask(url, header());
        assert.deepEqual([value, headers.get('x-molar-time')], [[LEAP, LEAP, LEAP, LEAP], 'active;v=1']);
        const plain = await ask(url);
        assert.ok((plain.value as number[]).every((time) => time > LEAP + 1e9) && plain.headers.get('x-molar-time') === null);
        assert.deepEqual(await overHttp2(ports.http2), [LEAP, LEAP, LEAP, LEAP]);
      } finally {
        await child.end();
      }
    });

    test('without a secret it does nothing', async () => {
      const child = start(undefined);
      try {
        const { http } = (await child.first) as { http: number };
        const { value, headers } = await ask(`http://127.0.0.1:${http}`, header());
        assert.ok((value as number[]).every((time) => time > LEAP + 1e9) && headers.get('x-molar-time') === null);
      } finally {
        await child.end();
      }
    });
  });
}

test('named imports of an ES module carry the header on', async () => {
  const child = started([join(FIXTURES, 'named-imports.mjs')], { MOLAR_REPLAY_SECRET: SECRET });
  try {
    const url = `http://127.0.0.1:${((await child.first) as { port: number }).port}`;
    assert.deepEqual([(await ask(url)).value, (await ask(url, header())).value], [['false', 'false'], ['true', 'true']]);
  } finally {
    await child.end();
  }
});

test('CommonJS and ES modules get the same package', async () => {
  for (const [file, expected] of [['consumer.cjs', ['function', 'function', 'function']], ['consumer.mjs', ['function', 'function', 'function', true]]] as const) {
    const child = started([join(FIXTURES, file)], {});
    assert.deepEqual(await child.first, expected);
    await child.end();
  }
});

async function overHttp2(port: number): Promise<unknown> {
  const session = connect(`http://127.0.0.1:${port}`);
  try {
    const stream = session.request({ ':path': '/', ...header() });
    let text = '';
    stream.on('data', (part: Buffer) => (text += String(part)));
    await once(stream, 'end');
    return JSON.parse(text);
  } finally {
    session.close();
  }
}
