import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { after, before, describe, it } from 'node:test';
import type { ReplayOptions } from '../dist/index.js';
import { hold, open } from '../dist/index.js';
import { runPages } from './support/replaying.js';
import type { Site } from './support/site.js';
import { startSite } from './support/site.js';
import type { Suite } from './support/suite.js';
import { copySuite } from './support/suite.js';

/** Recorded once. */
let site: Site;
let suite: Suite;
let options: ReplayOptions;

before(async () => {
  site = await startSite();
  suite = copySuite();
  const env = { SITE: site.url };
  const { traces: [trace], output } = await runPages(env, ['-g', 'keeps what it has$']);
  assert.ok(trace, output);
  options = { trace: trace.dir, fromStep: 2, suite: suite.dir, env, appMode: 'recorded', vaultKey: join(trace.root, 'vault.key') };
});

after(async () => await site.close());

describe('a browser that is opened at a step', () => {
  it('can be attached to until it is closed', async () => {
    const opened = open({ ...options, headless: true });
    assert.equal(opened.address, undefined);
    const address = await opened.ready;
    assert.equal(opened.address, address);
    const browser = await chromium.connectOverCDP(address.cdp);
    const [page] = browser.contexts().flatMap((context) => context.pages());
    assert.equal(await page?.getByRole('textbox').inputValue(), 'tea');
    await browser.close();
    await Promise.all([opened.close(), opened.close()]);
    assert.equal((await opened.outcome).state, 'held');
    const states = [];
    for await (const { state } of opened) states.push(state);
    assert.ok(states.indexOf('restoring') < states.indexOf('held'), String(states));
    await suite.isClean();
  });

  it('says why it does not come there', async () => {
    const opened = open({ ...options, fromStep: 9, headless: true });
    await assert.rejects(opened.ready, /^Error: no browser came to step 9: blocked NO_SUCH_STEP: /);
    assert.deepEqual([opened.address, (await opened.outcome).state], [undefined, 'blocked']);
    await opened.close();
  });
});

describe('a held replay', () => {
  it('runs again with further edits', async () => {
    const stop = new AbortController();
    const held = hold({ ...options, signal: stop.signal });
    await assert.rejects(held.undo(), /^Error: `undo` is refused: a run is under way; wait for its outcome/);
    const first = await held.first;
    assert.deepEqual([first.state, first.run], ['passed', 1]);
    const coffee = suite.patch('coffee', `toHaveValue('tea')`, `toHaveValue('coffee', { timeout: 500 })`);
    const done = await held.edit(coffee);
    assert.deepEqual(done, { state: 'done', message: `applied \`${coffee}\`` });
    const again = await held.edit(coffee);
    assert.deepEqual([again.state, again.state === 'refused' && again.code], ['refused', 'PATCH_FAILED']);
    const lines = await held.edit('a\nrun');
    assert.equal(lines.state, 'refused');
    const second = await held.run();
    assert.deepEqual([second.state, second.run], ['failed', 2]);
    assert.deepEqual(await held.undo(), { state: 'done', message: `took \`${coffee}\` back` });
    assert.deepEqual(await held.undo(), { state: 'refused', code: undefined, message: 'there is no patch to take back' });
    const third = held.run();
    await assert.rejects(held.edit(coffee), /a run is under way/);
    let begun = 0;
    for await (const line of held) if (line.state === 'skipping' && line.step === 1 && (begun += 1) === 3) stop.abort();
    const outcome = await third;
    assert.deepEqual([outcome.state, outcome.state === 'blocked' && outcome.code], ['blocked', 'CANCELLED']);
    await Promise.all([held.end(), held.end()]);
    await assert.rejects(held.run(), /^Error: `run` is refused: the held replay has ended \(molar-replay ended with code 3/);
    await suite.isClean();
  });

  it('goes when whoever started it is killed', async () => {
    const index = new URL('../dist/index.js', import.meta.url).href;
    const script = `const { hold } = await import(${JSON.stringify(index)}); for await (const line of hold(${JSON.stringify(options)})) console.log(JSON.stringify(line));`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let told = '';
    for await (const part of parent.stdout) if ((told += String(part)).includes('"state":"skipping"')) break;
    assert.match(told, /"state":"skipping"/);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await suite.isClean();
  });
});
