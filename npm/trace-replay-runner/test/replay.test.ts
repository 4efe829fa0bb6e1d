import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { after, before, describe, it } from 'node:test';
import type { Replayed, Run, Trace, Wanted } from './support/replaying.js';
import { replayPages, runPages } from './support/replaying.js';
import type { Site } from './support/site.js';
import { startSite } from './support/site.js';

/** Recorded once; each replay below has one of its tests. */
let site: Site;
let other: Site;
let recorded: Run;

const env = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({ SITE: site.url, OTHER: other.url, ...more });

function traceOf(title: string): Trace {
  const found = recorded.traces.find((trace) => trace.title === title);
  assert.ok(found, `no trace of \`${title}\`:\n${recorded.output}`);
  return found;
}

/** Replays a test and says what the site was asked meanwhile. */
async function replay(title: string, from_step: number, app_mode: string, more: Readonly<Record<string, string>> = {}, strategy = 'fast-forward', orders: Partial<Wanted> = {}): Promise<Replayed & { asked: string[] }> {
  site.asked.length = 0;
  other.asked.length = 0;
  const replayed = await replayPages({ trace: traceOf(title), from_step, app_mode, strategy, app_origins: [site.url], ...orders }, env(more));
  return { ...replayed, asked: [...site.asked, ...other.asked] };
}

/** Chromium may let a shared worker's first request pass before a recorder listens, and what is not in the record cannot be replayed. */
function heardTheWorker(): boolean {
  const asked = traceOf('asks in many ways').of('network.request');
  return asked.some(({ url }) => String(url).endsWith('/shared.js')) && asked.some(({ url, worker }) => String(url).endsWith('/count') && worker === 'shared_worker');
}

/** What Playwright's own client asked and was answered, which no browser sees. */
function clientsOwn(trace: Trace): readonly (readonly unknown[])[] {
  const events = trace.events.filter(({ kind, source }) => kind.startsWith('network.') && source === 'api_request');
  return events.map(({ kind, method, url, status, body, redirected_from }) => [kind, method, new URL(String(url)).pathname, status, body, redirected_from !== undefined]);
}

before(async () => {
  for (let attempt = 1; ; attempt += 1) {
    [site, other] = await Promise.all([startSite(), startSite()]);
    recorded = await runPages(env(), ['pages.spec']);
    if (attempt === 3 || heardTheWorker()) return;
    await Promise.all([site.close(), other.close()]);
  }
});

after(async () => {
  await Promise.all([site.close(), other.close()]);
});

describe('a test is replayed', () => {
  it('on the record alone, and passes without a request to its server', async () => {
    const { last, output, asked, trace } = await replay('asks in many ways', 8, 'recorded');
    assert.equal(last.state, 'passed', output);
    assert.deepEqual(asked, []);
    const [start] = trace.of('run.start');
    assert.equal(start?.['parent_trace_id'], traceOf('asks in many ways').of('run.start')[0]?.['trace_id']);
    assert.deepEqual(start?.['replay'], { id: 'r-test', from_step: 8, strategy: 'fast-forward', app_mode: 'recorded', on_record: true });
    const [begun] = trace.of('replay.start');
    const step = trace.of('step.start').find(({ index }) => index === 8);
    assert.ok(begun && step && begun.seq > step.seq, 'the replay begins in its step');
    assert.ok(trace.of('network.match').some(({ url, tier }) => String(url).includes('/stamp?t=') && tier === 'normalised'), 'an address with another time is told');
    assert.deepEqual(trace.of('network.miss'), []);
    const own = clientsOwn(trace);
    assert.deepEqual(own, clientsOwn(traceOf('asks in many ways')));
    assert.deepEqual(own.map(([kind, , path, status]) => [kind, path, status]).slice(4), [
      ['network.request', '/moved', undefined], ['network.response', '/moved', 302], ['network.request', '/landed', undefined], ['network.response', '/landed', 200],
      ['network.request', '/count', undefined], ['network.response', '/count', 200],
    ]);
  });

  it('with the running server from its step on', async () => {
    // The server has counted seven times when it was recorded, and nothing since.
    const { last, output, asked } = await replay('asks in many ways', 8, 'live', { COUNT: '8', MOLAR_REPLAY_SECRET: 'secret' });
    assert.equal(last.state, 'passed', output);
    assert.deepEqual(asked, ['GET /count', 'GET /count']);
    assert.deepEqual(last.detail?.['clock'], { asked: 1, taken: 0 });
    assert.match(last.message ?? '', /answered with its own clock/);
  });

  it('and its streams are handed over to the running server', async () => {
    const { last, output, asked } = await replay('listens', 2, 'live', { LIVE: '1' });
    assert.equal(last.state, 'passed', output);
    assert.deepEqual(asked.sort(), ['GET /events', 'SOCKET /socket']);
  });

  it('and its streams stay on the record', async () => {
    const { last, output, asked, trace } = await replay('listens', 2, 'recorded');
    assert.equal(last.state, 'passed', output);
    assert.deepEqual(asked, []);
    // Each browser asks for an icon once; that the record has none is nothing a page should read on its console.
    const lines = (one: Trace): number => one.of('console.error').filter((line) => JSON.stringify(line).includes('/favicon.ico')).length;
    assert.ok(lines(trace) <= lines(traceOf('listens')), 'no line about an icon is new');
  });

  it('and its workers have the record\'s sockets and clock', async () => {
    const { last, output, asked, trace } = await replay('has workers that listen', 2, 'recorded');
    assert.equal(last.state, 'passed', output);
    assert.deepEqual(asked, []);
    const scripts = (one: Trace): unknown[] => one.of('network.response').filter(({ url, body }) => String(url).endsWith('/worker.js') && body).map(({ body }) => body);
    const served = new Set(scripts(traceOf('has workers that listen')).map((body) => JSON.stringify(body)));
    assert.ok(scripts(trace).length > 0);
    assert.ok(scripts(trace).every((body) => served.has(JSON.stringify(body))), 'a worker is recorded as its server gave it');
  });

  it('and its workers are handed over to the running server', async () => {
    const { last, output, asked } = await replay('has workers that listen', 1, 'live');
    assert.equal(last.state, 'passed', output);
    assert.deepEqual(asked.filter((one) => one === 'SOCKET /chat').length, 5);
  });

  it('and fails in the same step as it did', async () => {
    const { last, output, asked, trace } = await replay('fails', 2, 'recorded');
    assert.deepEqual([last.state, last.step], ['failed', 2], output);
    assert.deepEqual(asked, []);
    const failedStep = (one: Trace): unknown => one.of('step.end').find(({ status }) => status === 'failed')?.['step_id'];
    assert.equal(failedStep(trace), failedStep(traceOf('fails')));
  });

  it('in the attempt that was recorded', async () => {
    const attempts = recorded.traces.filter(({ title }) => title === 'does otherwise');
    const ends = attempts.map((trace) => [trace.of('run.start')[0]?.['retry'], trace.of('run.end')[0]?.['status']]).sort();
    assert.deepEqual(ends, [[0, 'failed'], [1, 'passed']]);
    const second = attempts.find((trace) => trace.of('run.start')[0]?.['retry'] === 1);
    const { last, output } = await replay('does otherwise', 2, 'recorded', {}, 'fast-forward', second ? { trace: second } : {});
    assert.equal(last.state, 'passed', output);
  });

  it('and what the record does not know is aborted, named and never sent', async () => {
    const { last, output, asked, trace } = await replay('asks somebody else', 2, 'live', { PIXEL: '/elsewhere' });
    assert.deepEqual([last.state, last.code], ['diverged', 'NETWORK_MISS'], output);
    assert.deepEqual(asked, []);
    const [miss] = trace.of('network.miss');
    assert.equal(miss?.['url'], `${other.url}/elsewhere`);
    assert.equal(miss?.['class'], 'third-party');
    assert.match(JSON.stringify(miss?.['near']), /\/pixel\?a=1/);
  });
});

describe('a server that has forgotten who signed in', () => {
  it('is found out before the live part begins in a restored browser', async () => {
    site.forget();
    const { last, output, asked, trace } = await replay('is a member', 2, 'live', {}, 'restore');
    assert.deepEqual([last.state, last.code, last.detail?.['fallback']], ['diverged', 'SERVER_DIVERGED', 'fast-forward'], output);
    assert.match(last.message ?? '', /GET .*\/members is answered with 401, recorded 200/);
    assert.deepEqual(asked, ['GET /members']);
    assert.match(JSON.stringify(trace.of('replay.fidelity')[0]?.['checks']), /"name":"server","grade":"diverged"/);
  });

  it('is no fault of the code in the live part', async () => {
    site.forget();
    const { last, output, asked } = await replay('is a member', 2, 'live');
    assert.deepEqual([last.state, last.code, last.step], ['diverged', 'SERVER_DIVERGED', 2], output);
    assert.match(last.message ?? '', /GET .*\/secret was answered with 401, recorded 200/);
    assert.deepEqual(asked, ['GET /secret']);
  });

  for (const strategy of ['fast-forward', 'restore']) {
    it(`is told what the skipped steps changed, and knows the browser again (${strategy})`, async () => {
      site.forget();
      const { last, output, asked, trace, progress } = await replay('is a member', 2, 'hybrid', {}, strategy, { server_fast_forward: true });
      assert.equal(last.state, 'passed', `${last.message ?? ''}${output}`);
      assert.deepEqual(asked.filter((one) => one !== 'GET /members'), ['POST /enter', 'GET /secret']);
      assert.deepEqual(progress.find(({ detail }) => detail?.['server'])?.detail?.['server'], { sent: 1, otherwise: [] });
      assert.deepEqual(trace.of('replay.divergence'), []);
    });
  }
});

describe('a step on the record in which nothing happens any more', () => {
  it('is ended, and what it waits for is named', async () => {
    const { last, output } = await replay('waits for a word', 2, 'recorded', { SILENT: '1' }, 'fast-forward', { stall_ms: 4_000 });
    assert.deepEqual([last.state, last.code], ['diverged', 'SKIPPED_REGION_DIVERGED'], output);
    assert.match(last.message ?? '', /nothing happened any more in step 1, «Wait».*it waits for the call Frame\.evaluate/);
  });
});

describe('what a replay cannot be carried out with is named', () => {
  it('a browser that is not there', async () => {
    const { last, output } = await replay('fails', 2, 'recorded', { MOLAR_CHROMIUM: '/nowhere/chromium' });
    assert.deepEqual([last.state, last.code], ['blocked', 'BROWSER_MISSING'], output);
    assert.match(last.message ?? '', /cannot be started: .*\/nowhere\/chromium/);
  });

  it('a record of calls that is damaged, which stays the last word', async () => {
    const trace = traceOf('fails');
    const dir = mkdtempSync(join(tmpdir(), 'molar-replay-'));
    cpSync(trace.dir, dir, { recursive: true });
    truncateSync(join(dir, 'trace.playwright.zip'), 1_000);
    const { last, output } = await replay('fails', 2, 'recorded', {}, 'restore', { trace: { ...trace, dir } });
    rmSync(dir, { recursive: true });
    assert.deepEqual([last.state, last.code], ['blocked', 'NO_TAPE'], output);
  });

  it('a value that nobody has the key to', async () => {
    const { last, output } = await replay('keeps what it has', 2, 'recorded', {}, 'fast-forward', { vault_key: null });
    assert.deepEqual([last.state, last.code, last.step], ['diverged', 'NO_SECRETS', 2], output);
    assert.match(last.message ?? '', /the value \[REDACTED:cookie:\d+\] stayed redacted, since there is no key/);
  });

  it('a request of a skipped step that the record does not know', async () => {
    const { last, output } = await replay('is a member', 2, 'recorded', { MEMBERS: '/strangers' });
    assert.deepEqual([last.state, last.code, last.step], ['diverged', 'SKIPPED_REGION_DIVERGED', 1], output);
    assert.match(last.message ?? '', /the record has no answer to GET \S+\/strangers \(app\), which was aborted\. Choose an earlier step/);
  });
});

describe('a browser is kept at a step', () => {
  it('where others can attach to it, and the test does not go on', async () => {
    let seen: unknown;
    const { last, output, trace } = await replay('keeps what it has', 2, 'recorded', {}, 'fast-forward', {
      whileHeld: async ({ detail, step }) => {
        const browser = await chromium.connectOverCDP(String(detail?.['cdp']));
        const [page] = browser.contexts().flatMap((context) => context.pages());
        seen = [step, page && new URL(page.url()).search, await page?.getByRole('textbox').inputValue()];
        await browser.close();
      },
    });
    assert.deepEqual(seen, [2, '?saved', 'tea'], output);
    assert.equal(last.state, 'held', output);
    assert.match(String(last.detail?.['websocket']), /^ws:\/\/127\.0\.0\.1:\d+\/devtools\/browser\//);
    const acts = trace.of('action').filter(({ step_id }) => step_id === trace.of('step.start').find(({ index }) => index === 2)?.['step_id']);
    assert.deepEqual(acts, [], 'nothing of the step was carried out');
  });
});

describe('a replay whose guest is missing', () => {
  it('begins no test, since its requests would go anywhere', async () => {
    site.asked.length = 0;
    const dir = mkdtempSync(join(tmpdir(), 'molar-replay-'));
    const order = join(dir, 'order.json');
    writeFileSync(order, JSON.stringify({ guest: join(dir, 'guest.cjs') }));
    const { code, output } = await runPages(env({ MOLAR_REPLAY_ORDER: order }), ['-g', 'fails$']);
    rmSync(dir, { recursive: true });
    assert.equal(code, 1);
    assert.match(output, /no such file or directory, open '.*guest\.cjs'/);
    assert.deepEqual(site.asked, []);
  });
});

describe('a browser is put back', () => {
  const fidelityOf = (trace: Trace): unknown => trace.of('replay.fidelity')[0]?.['grade'];

  it('with its storages, cookies, fields and history, and skipped calls are answered as they were', async () => {
    const { last, output, asked, trace } = await replay('keeps what it has', 2, 'recorded', {}, 'restore');
    assert.equal(last.state, 'passed', output);
    assert.deepEqual(asked, []);
    assert.equal(fidelityOf(trace), 'exact', JSON.stringify(trace.of('replay.fidelity')));
    assert.equal(trace.of('replay.start')[0]?.['strategy'], 'restore');
    assert.equal(last.detail?.['skipped_calls'], 5);
  });

  it('and a page that kept everything in mind is found out', async () => {
    const { last, output, asked, trace } = await replay('keeps it in mind', 2, 'recorded', {}, 'restore');
    assert.deepEqual([last.state, last.code, last.detail?.['fallback']], ['diverged', 'SKIPPED_REGION_DIVERGED', 'fast-forward'], output);
    assert.equal(fidelityOf(trace), 'diverged');
    assert.deepEqual(asked, []);
  });

  it('and a skipped step that calls something else is named', async () => {
    const { last, output } = await replay('keeps what it has', 2, 'recorded', { NOTE: 'coffee' }, 'restore');
    assert.deepEqual([last.state, last.code], ['diverged', 'SKIPPED_REGION_DIVERGED'], output);
    assert.match(last.message ?? '', /Frame\.fill\(.*coffee.*where the record has Frame\.fill\(.*tea/);
  });
});
