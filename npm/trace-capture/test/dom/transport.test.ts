import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from '@playwright/test';
import { launch } from './browser.js';
import { Recording } from './recording.js';
import { serve } from './site.js';
import type { Site } from './site.js';

let browser: Browser;
let site: Site;

before(async () => {
  browser = await launch();
  site = await serve({ '/': '<!doctype html><body><p>page</p>', '/around': '<!doctype html><body><p>outer</p><iframe src="FAR/"></iframe>' });
});

after(async () => {
  await site.close();
  await browser.close();
});

interface Case {
  readonly transport: 'auto' | 'plain';
  /** Whether batches came over the raw protocol binding after each navigation, the last one to another process. */
  readonly fast: readonly boolean[];
}

const CASES: readonly Case[] = [
  { transport: 'auto', fast: [true, true, true] },
  { transport: 'plain', fast: [false, false, false] },
];

async function check({ transport, fast }: Case): Promise<void> {
  let calls = 0;
  let added: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (added = resolve));
  const recording = await Recording.start(browser, {
    transport,
    cdpSession: async (page) => {
      const session = await page.context().newCDPSession(page);
      session.on('Runtime.bindingCalled', () => (calls += 1));
      const send = session.send.bind(session);
      session.send = async (method, ...params) => {
        const answer = await send(method, ...params);
        if (method === 'Runtime.addBinding') added();
        return answer;
      };
      return session;
    },
  });
  try {
    const page = await recording.context.newPage();
    if (transport === 'auto') await ready;
    await recording.recorder.ensure(page);
    const seen: boolean[] = [];
    for (const url of [site.near, `${site.near}/around`, site.far]) {
      const before = calls;
      await page.goto(url);
      await recording.flush();
      seen.push(calls > before);
      const mine = recording.parts.filter(({ frameUrl }) => frameUrl.startsWith(url));
      assert.equal(mine[0]?.type, 'snapshot', `${url} is recorded`);
    }
    assert.deepEqual(seen, fast);
    assert.deepEqual(recording.notices, []);
  } finally {
    await recording.context.close();
  }
}

for (const entry of CASES) test(`batches arrive whole and in order over the ${entry.transport} transport`, () => check(entry));
