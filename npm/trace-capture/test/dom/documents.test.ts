import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from '@playwright/test';
import { launch } from './browser.js';
import { mainFrameId, Recording } from './recording.js';
import { Judge } from './replay.js';
import { html, serve } from './site.js';
import type { Site } from './site.js';

const STRICT = {
  'content-security-policy':
    "default-src 'none'; script-src 'nonce-n1'; style-src 'nonce-n1'; require-trusted-types-for 'script'; trusted-types 'none'; sandbox allow-scripts allow-same-origin",
};
/** A clock stops only at a time to come, which a busy machine takes long to ask for. */
const AN_HOUR_MS = 3_600_000;
const PLAIN = '<!doctype html><title>t</title><body><p id=p>start</p><ul id=list><li>one</li></ul><input id=field value=a>';

let browser: Browser;
let judge: Judge;
let site: Site;

before(async () => {
  browser = await launch();
  judge = await Judge.start(browser);
  site = await serve({
    '/': PLAIN,
    '/strict': (_request, response) => html(response, `${PLAIN}<script nonce=n1>p.textContent = 'strict'</script>`, STRICT),
    '/same': '<!doctype html><body><p id=p>outer</p><iframe src="NEAR/"></iframe>',
    '/srcdoc': '<!doctype html><body><p id=p>outer</p><iframe srcdoc="<p id=inner>inner</p>"></iframe>',
    '/cross': '<!doctype html><body><p id=p>outer</p><iframe src="FAR/child"></iframe>',
    '/child': '<!doctype html><body><p id=p>child</p>',
    '/sandboxed': '<!doctype html><body><p id=p>outer</p><iframe sandbox="allow-scripts" src="NEAR/child"></iframe><iframe sandbox src="NEAR/"></iframe>',
    '/zone': '<!doctype html><body><p id=p>z</p><script>window.Zone={__symbol__:n=>"__zone_symbol__"+n};const g=Object.getOwnPropertyDescriptor(Node.prototype,"childNodes");Object.defineProperty(Node.prototype,"childNodes",{...g,get(){return g.get.call(this)}});Array.from=()=>[]</script>',
  });
});

after(async () => {
  await site.close();
  await browser.close();
});

interface Case {
  readonly name: string;
  readonly run: (page: Page) => Promise<Page | void>;
  /** Console lines the page itself causes. */
  readonly noise?: RegExp;
  /** Frames the page itself makes. */
  readonly frames?: number;
}

async function change(page: Page, text: string): Promise<void> {
  await page.evaluate((value) => {
    const node = document.createElement('b');
    node.textContent = value;
    document.body.append(node);
  }, text);
}

async function popup(page: Page, open: () => Promise<unknown>): Promise<Page> {
  const [opened] = await Promise.all([page.waitForEvent('popup'), open()]);
  await opened.waitForLoadState();
  return opened;
}

const CASES: readonly Case[] = [
  { name: 'a plain page', run: async (page) => void (await page.goto(site.near)) },
  { name: 'setContent', run: async (page) => { await page.goto(site.near); await page.setContent('<p id=p>set</p>'); } },
  { name: 'setContent on the first blank page', run: async (page) => page.setContent('<main><p>set</p></main>') },
  { name: 'setContent twice', run: async (page) => { await page.setContent('<p>1</p>'); await page.setContent('<p>2</p>'); } },
  {
    name: 'document.write without close',
    run: async (page) => { await page.goto(site.near); await page.evaluate(() => { document.open(); document.write('<body><p>written</p>'); }); },
  },
  {
    name: 'a replaced root',
    run: async (page) => {
      await page.goto(site.near);
      await page.evaluate(() => {
        const root = document.createElement('html');
        root.append(document.createElement('head'), document.createElement('body'));
        document.replaceChild(root, document.documentElement);
      });
    },
  },
  { name: 'reload', run: async (page) => { await page.goto(site.near); await page.reload(); } },
  { name: 'a strict content policy with trusted types', noise: /can escape its sandboxing/, run: async (page) => void (await page.goto(`${site.near}/strict`)) },
  { name: 'a same-origin frame', frames: 1, run: async (page) => void (await page.goto(`${site.near}/same`)) },
  { name: 'a srcdoc frame', frames: 1, run: async (page) => void (await page.goto(`${site.near}/srcdoc`)) },
  { name: 'a cross-origin frame', frames: 1, run: async (page) => void (await page.goto(`${site.near}/cross`)) },
  { name: 'sandboxed frames', frames: 2, run: async (page) => void (await page.goto(`${site.near}/sandboxed`)) },
  {
    name: 'a frame added later',
    frames: 1,
    run: async (page) => {
      await page.goto(site.near);
      await page.evaluate(async (url) => {
        const frame = document.createElement('iframe');
        const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
        frame.src = url;
        document.body.append(frame);
        await loaded;
      }, site.near);
    },
  },
  { name: 'patched prototypes, zone and a broken Array.from', run: async (page) => void (await page.goto(`${site.near}/zone`)) },
  { name: 'a blank popup', run: async (page) => { await page.goto(site.near); return popup(page, () => page.evaluate(() => { window.open('about:blank')?.document.write('<p>popup</p>'); })); } },
  { name: 'a popup with a URL', run: async (page) => { await page.goto(site.near); return popup(page, () => page.evaluate((url) => { window.open(url); }, site.near)); } },
  { name: 'a noopener popup', run: async (page) => { await page.goto(site.near); return popup(page, () => page.evaluate((url) => { window.open(url, '_blank', 'noopener'); }, site.near)); } },
  {
    name: 'a link with rel=opener',
    run: async (page) => { await page.goto(site.near); await page.setContent(`<a target=_blank rel=opener href="${site.near}">go</a>`); return popup(page, () => page.click('a')); },
  },
  { name: 'a message that is null', run: async (page) => { await page.goto(site.near); await page.evaluate(() => window.postMessage(null, '*')); } },
  {
    name: 'a paused clock',
    run: async (page) => { await page.clock.install({ time: 0 }); await page.goto(site.near); await page.clock.pauseAt(AN_HOUR_MS); await page.mouse.move(10, 10); await page.mouse.move(50, 50); },
  },
  { name: 'typing', run: async (page) => { await page.goto(site.near); await page.fill('#field', 'typed'); } },
];

async function check({ run, frames = 0, noise }: Case): Promise<void> {
  const recording = await Recording.start(browser);
  try {
    const first = await recording.context.newPage();
    const page = (await run(first)) ?? first;
    await change(page, 'last change');
    await recording.flush();
    const events = recording.events(page);
    assert.deepEqual(events.slice(0, 2).map(({ type }) => type), [4, 2], 'the recording begins with Meta and FullSnapshot');
    const replayed = await judge.replay(events);
    assert.equal(replayed.text, await judge.live(page), 'the rebuilt document is the live one');
    const live = await recording.recorder.digest(page);
    assert.equal(replayed.digest, live.get(mainFrameId(page))?.digest, 'both have one digest');
    assert.match(recording.text(), /last change/);
    assert.deepEqual(recording.noise.filter((line) => !noise?.test(line)), [], 'no page error and no console line');
    assert.equal(recording.framesAttached, frames, 'no frame but those of the page');
  } finally {
    await recording.context.close();
  }
}

for (const entry of CASES) test(`records ${entry.name}`, () => check(entry));
