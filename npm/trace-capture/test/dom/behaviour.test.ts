import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from '@playwright/test';
import type { DomRecorderOptions } from '../../dist/dom/index.js';
import { parseBatch } from '../../dist/dom/batch.js';
import { injectedOptions } from '../../dist/dom/options.js';
import { initScript } from '../../dist/dom/script.js';
import { launch } from './browser.js';
import { Recording } from './recording.js';
import { Judge } from './replay.js';
import { serve } from './site.js';
import type { Site } from './site.js';

/** Looks for us as the first script of its page. */
const LOOKING = `<!doctype html><script>{
  const ours = (name) => /molar|rrweb/i.test(name);
  window.seen = {
    listed: Object.keys(window).filter(ours),
    callable: Object.getOwnPropertyNames(window).filter((name) => ours(name) && typeof window[name] === 'function'),
    frames: window.length,
  };
}</script>`;

let browser: Browser;
let judge: Judge;
let site: Site;
/** Sends what `/slow` still owes. */
let endSlow: () => void = () => undefined;

before(async () => {
  browser = await launch();
  judge = await Judge.start(browser);
  site = await serve({
    '/': '<!doctype html><body><p>page</p>',
    '/cross': '<!doctype html><body><p>outer</p><iframe src="FAR/child"></iframe>',
    '/around': '<!doctype html><body><div class=hidden-part><iframe src="FAR/child"></iframe></div>',
    '/looking': LOOKING,
    '/child': '<!doctype html><body><p>inside the child</p>',
    '/opaque': '<!doctype html><body><p>outer</p><iframe sandbox src="NEAR/child"></iframe>',
    '/slow': (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.write('<!doctype html><body><p>splash</p>');
      endSlow = () => response.end('<p>rest</p>');
    },
  });
});

after(async () => {
  await site.close();
  await browser.close();
});

async function during(options: DomRecorderOptions, body: (recording: Recording, page: Page) => Promise<void>): Promise<void> {
  const recording = await Recording.start(browser, options);
  try {
    await body(recording, await recording.context.newPage());
  } finally {
    await recording.context.close();
  }
}

function codes(recording: Recording): string[] {
  return recording.notices.map(({ code }) => code);
}

const frameText = async (page: Page): Promise<unknown> => page.frameLocator('iframe').locator('p').textContent();

test('a frame of another origin is a stream of its own', () =>
  during({}, async (recording, page) => {
    await page.goto(`${site.near}/cross`);
    await frameText(page);
    await recording.flush();
    const child = recording.parts.filter(({ frameUrl }) => frameUrl.startsWith(site.far));
    assert.equal(child[0]?.type, 'snapshot');
    assert.match(child[0]?.events ?? '', /inside the child/);
    const outer = JSON.stringify(recording.events(page).find(({ type }) => type === 2));
    assert.equal(child[0]?.holder?.node, Number(/"tagName":"iframe".*?"id":(\d+)/.exec(outer)?.[1]));
    const streams = recording.parts.filter(({ frameUrl }) => frameUrl !== 'about:blank').map(({ stream }) => stream);
    assert.equal(new Set(streams).size, 2);
    assert.equal(new Set(recording.parts.map(({ page: id }) => id)).size, 1);
  }));

for (const options of [{ block: ['.hidden-part'] }, { mask_text: ['.hidden-part'] }, { mask_text: ['p:('] }]) {
  test(`a frame of another origin is private under ${JSON.stringify(options)}`, () =>
    during(options, async (recording, page) => {
      await page.goto(`${site.near}/around`);
      await frameText(page);
      await recording.flush();
      assert.doesNotMatch(recording.text(), /inside the child/);
      assert.ok(codes(recording).includes('dom.frame.private'));
    }));
}

test('a frame that may not run scripts is named as opaque', () =>
  during({}, async (recording, page) => {
    await page.goto(`${site.near}/opaque`);
    await recording.flush();
    assert.ok(codes(recording).includes('dom.frame.opaque'), codes(recording).join());
    assert.deepEqual(recording.noise, []);
  }));

test('time is the real one under a fake clock, and never runs backwards', () =>
  during({}, async (recording, page) => {
    const started = Date.now();
    await page.clock.install({ time: 0 });
    await page.goto(site.near);
    // Only a time to come can be stopped at, and a busy machine takes long to ask for it.
    await page.clock.pauseAt(3_600_000);
    for (let at = 0; at < 40; at += 1) await page.mouse.move(at, at);
    await page.evaluate(() => document.body.append('paused'));
    await recording.flush();
    const times = recording.parts.flatMap(({ firstTs, lastTs }) => [firstTs, lastTs]);
    assert.ok(times.every((time) => time > started - 1000 && time < Date.now() + 1000), `${started}: ${times.join()}`);
    assert.deepEqual([...times].sort((a, b) => a - b), times);
    const moves = recording.events(page).flatMap(({ data }) => (data['positions'] as { timeOffset: number }[] | undefined) ?? []);
    assert.ok(moves.length > 0 && moves.every(({ timeOffset }) => timeOffset <= 0 && timeOffset > -5000));
  }));

test('the page finds neither binding nor recorder, and no frame of ours', () =>
  during({}, async (recording, page) => {
    await page.goto(site.near);
    await recording.flush();
    await page.goto(`${site.near}/looking`);
    const seen = await page.evaluate(() => Reflect.get(window, 'seen') as unknown);
    assert.deepEqual(seen, { listed: [], callable: [], frames: 0 });
    assert.deepEqual(recording.noise, []);
  }));

test('a storm beyond the limit ends the recording of that document and says so; the next one is recorded', () =>
  during({ hard_mutations: 100, hard_refill_per_second: 1, soft_mutations: 10 }, async (recording, page) => {
    await page.goto(site.near);
    await page.evaluate(() => document.body.append(...Array.from({ length: 50 }, (_, at) => `soft ${at}`)));
    await page.evaluate(() => document.body.append(...Array.from({ length: 500 }, (_, at) => `hard ${at}`)));
    await page.evaluate(() => document.body.append('after the end'));
    await recording.flush();
    assert.doesNotMatch(recording.text(), /after the end/);
    assert.ok(codes(recording).includes('dom.mutations.heavy') && codes(recording).includes('dom.recording.stopped'));
    await page.goto(`${site.near}/child`);
    await recording.flush();
    assert.match(recording.text(), /inside the child/);
  }));

test('a page that swaps its root in a loop is held to a few restarts a second and still ends up recorded', () =>
  during({ restarts_per_second: 3 }, async (recording, page) => {
    await page.goto(site.near);
    const took_ms = await page.evaluate(async () => {
      const begun = performance.now();
      for (let at = 0; at < 60; at += 1) {
        const root = document.createElement('html');
        root.append(document.createElement('head'), document.createElement('body'));
        document.replaceChild(root, document.documentElement);
        document.body.append(`root ${at}`);
        // The recorder hears of it before the next one.
        await Promise.resolve();
      }
      return performance.now() - begun;
    });
    const isRebuilt = async (): Promise<boolean> => {
      await recording.flush();
      return (await judge.rebuilt(recording.events(page))) === (await judge.live(page));
    };
    // The last root is recorded when the limit lets it.
    for (const deadline = Date.now() + 30_000; !(await isRebuilt()) && Date.now() < deadline; ) await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(await judge.rebuilt(recording.events(page)), await judge.live(page));
    const generations = Math.max(...recording.parts.map(({ generation }) => generation));
    const most = 3 * (took_ms / 1_000 + 1) + 2;
    assert.ok(generations > 1 && generations <= most, `${generations} generations in ${took_ms} ms`);
    assert.ok(codes(recording).includes('dom.restart.limited'));
  }));

test('attributes that change too fast to be seen are told by what they came to', () =>
  during({ attribute_burst: 10, attribute_refill_per_second: 1 }, async (recording, page) => {
    await page.goto(site.near);
    await page.evaluate(async () => {
      const p = document.querySelector('p') as HTMLElement;
      for (let at = 0; at < 300; at += 1) {
        p.setAttribute('data-at', `${at}`);
        p.style.left = `${at}px`;
        if (at === 250) p.style.cssText = `top: ${at}px`;
        await Promise.resolve();
      }
      const moved = document.createElement('i');
      document.body.append(moved);
      for (let at = 0; at < 50; at += 1) {
        moved.setAttribute('title', `${at}`);
        await Promise.resolve();
      }
      moved.remove();
      moved.removeAttribute('title');
      document.body.prepend(moved);
    });
    await recording.flush();
    const events = recording.events(page);
    assert.equal(await judge.rebuilt(events), await judge.live(page));
    const changes = events.flatMap(({ data }) => (data['attributes'] as unknown[] | undefined) ?? []);
    assert.ok(changes.length < 60, `${changes.length} changes told`);
    assert.ok(codes(recording).includes('dom.attributes.merged'));
  }));

test('a document scores itself once per change, behind what led to it', () =>
  during({}, async (recording, page) => {
    await page.goto(site.near);
    await page.evaluate(() => document.body.append('scored'));
    await recording.recorder.score(page);
    await recording.recorder.score(page);
    await recording.flush();
    const scored = recording.parts.filter(({ digest }) => digest !== undefined);
    assert.equal(scored.length, 1);
    assert.match(recording.parts.slice(0, recording.parts.indexOf(scored[0] as (typeof scored)[number])).map(({ events }) => events).join(), /scored/);
    const replayed = await judge.replay(recording.events(page));
    assert.equal(scored[0]?.digest?.value, replayed.digest);
  }));

test('a burst leaves the page in slices, in order and whole', () =>
  during({ batch_events: 50 }, async (recording, page) => {
    await page.goto(site.near);
    await page.evaluate(async () => {
      for (let at = 0; at < 3000; at += 1) {
        document.body.append(`burst-${at} `);
        await Promise.resolve();
      }
    });
    await recording.flush();
    const told = [...recording.text().matchAll(/burst-(\d+) /g)].map((match) => Number(match[1]));
    assert.deepEqual(told, Array.from({ length: 3000 }, (_, at) => at));
    assert.deepEqual(codes(recording).filter((code) => code !== 'dom.mutations.heavy'), []);
  }));

test('a document that streams slowly is recorded before it is complete', () =>
  during({ slow_start_ms: 200 }, async (recording, page) => {
    const snapshotOf = (): (typeof recording.parts)[number] | undefined => recording.parts.find(({ type, frameUrl }) => type === 'snapshot' && frameUrl.endsWith('/slow'));
    await page.goto(`${site.near}/slow`, { waitUntil: 'commit' });
    for (const deadline = Date.now() + 30_000; snapshotOf() === undefined && Date.now() < deadline; ) await new Promise((resolve) => setTimeout(resolve, 20));
    endSlow();
    await page.waitForLoadState();
    await recording.flush();
    const snapshot = snapshotOf();
    assert.match(snapshot?.events ?? '', /splash/);
    assert.doesNotMatch(snapshot?.events ?? '', /rest/);
    assert.equal(await judge.rebuilt(recording.events(page)), await judge.live(page));
    assert.ok(codes(recording).includes('dom.start.slow'));
  }));

test('a restart from Node gives a new generation with a snapshot', () =>
  during({}, async (recording, page) => {
    await page.goto(site.near);
    await recording.recorder.restart(page, 'drift');
    await recording.flush();
    assert.deepEqual([...new Set(recording.parts.map(({ generation }) => generation))], [1, 2]);
    assert.equal(recording.parts.filter(({ generation }) => generation === 2)[0]?.type, 'snapshot');
  }));

test('a sink that throws is told about and costs nothing else', async () => {
  const notices: string[] = [];
  const { DomRecorder } = await import('../../dist/dom/index.js');
  const recorder = new DomRecorder({}, () => { throw new Error('full'); }, (code) => notices.push(code));
  const context = await browser.newContext();
  await recorder.install(context);
  const page = await context.newPage();
  await page.goto(site.near);
  await recorder.flush(page);
  assert.ok(notices.includes('dom.sink.failed'));
  await context.close();
});

test('a page that was open before the recorder is recorded', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(site.near);
  const texts: string[] = [];
  const { DomRecorder } = await import('../../dist/dom/index.js');
  const recorder = new DomRecorder({}, (part) => texts.push(part.events), () => undefined);
  await recorder.install(context);
  await page.evaluate(() => document.body.append('changed later'));
  await recorder.flush(context);
  assert.match(texts.join(), /page.*changed later/s);
  await context.close();
});

test('without a binding the queue is bounded; once it comes, the loss is counted and a snapshot follows', async () => {
  const options = injectedOptions({ queue_events: 20 }, { binding: '__late_binding', fast_binding: '', handle: '__late_handle' });
  const page = await browser.newPage();
  await page.addInitScript({ content: initScript(options) });
  await page.goto(site.near);
  await page.evaluate(async () => {
    for (let at = 0; at < 40; at += 1) {
      document.body.append(`unsent ${at}`);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  });
  const batches: unknown[] = [];
  const parts = (): { type: string; events: string }[] => batches.flatMap((text) => { const batch = parseBatch(text); return 'fault' in batch ? [] : [...batch.parts]; });
  await page.exposeBinding('__late_binding', (_source, text: unknown) => { batches.push(text); });
  await page.evaluate(() => document.body.append('sent'));
  await page.evaluate(() => { const handle = Reflect.get(window, '__late_handle') as { flush(): void }; handle.flush(); handle.flush(); });
  assert.match(batches.join('\n'), /dom\.queue\.overflow.*"dropped":\d+/);
  assert.equal(parts()[0]?.type, 'snapshot');
  // The queue's own timer may recover before the last change; then that one follows the snapshot.
  assert.match(parts().map(({ events }) => events).join(), /unsent 39.*sent/s);
  await page.context().close();
});

test('an answer to flush is not waited for beyond the bound', () =>
  during({ flush_timeout_ms: 200 }, async (recording, page) => {
    await page.goto(site.near);
    page.on('dialog', () => undefined);
    const asked = page.evaluate(() => { setTimeout(() => alert('blocks'), 0); });
    await Promise.all([page.waitForEvent('dialog'), asked]);
    const started = Date.now();
    const { unanswered } = await recording.recorder.flush(page);
    assert.equal(unanswered, 1);
    assert.ok(Date.now() - started < 30_000, 'the dialog stays, so only the bound can have ended the wait');
  }));
