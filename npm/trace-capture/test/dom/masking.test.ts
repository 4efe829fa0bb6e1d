import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from '@playwright/test';
import type { DomRecorderOptions } from '../../dist/dom/index.js';
import { launch } from './browser.js';
import { Recording } from './recording.js';
import { serve } from './site.js';
import type { Site } from './site.js';

/** Every place a secret can stand in; each canary is obviously no real secret. */
const ALWAYS = `<!doctype html><title>open title</title><meta name="csrf-token" content="canary-meta-csrf"><meta name="app_session" content="canary-meta-session">
<body><form action="/pay?access_token=canary-form-action">
<input type=hidden name=csrf value="canary-hidden"><input id=pw type=password value="canary-password">
<input autocomplete="cc-number" value="canary-card"><input autocomplete="section-a one-time-code" value="canary-otp">
<input autocomplete="current-password" value="canary-current"></form>
<a href="/x?token=canary-link-token&page=open-page">open link</a><img src="/i?signature=canary-signature">
<img srcset="/i?sid=canary-srcset 2x"><a href="https://user:canary-userinfo@example.test/">u</a>
<div data-api-token="canary-data-token">open text</div><noscript>canary-noscript</noscript>
<iframe srcdoc='<input type=hidden value="canary-srcdoc-hidden"><p>open frame</p>'></iframe>`;

const REGION = `<!doctype html><title>canary-title</title><body><div id=region class=pii>canary-text
<p title="canary-title-attribute" aria-label="canary-aria" data-name="canary-data" alt="canary-alt">canary-nested</p>
<input placeholder="canary-placeholder" value="canary-value"><input type=checkbox value="canary-checkbox"><input type=submit value="canary-submit">
<select><option value="canary-option-value" label="canary-option-label">canary-option</option></select><textarea>canary-area</textarea>
<a href="/canary-href">canary-link</a><img src="/canary-src" alt="canary-img"><button value="canary-button">canary-button-text</button>
<div id=host></div><iframe id=frame srcdoc="<body><p id=inner>canary-frame</p></body>"></iframe></div>
<div contenteditable id=edit>open</div><p>open text</p>
<script>host.attachShadow({mode:'open'}).innerHTML='<p id=deep>canary-shadow</p><slot></slot>'</script>`;

/** What these pages themselves make the browser say. */
const OF_THE_PAGE = /status of 404|autocomplete attributes/;

let browser: Browser;
let site: Site;

before(async () => {
  browser = await launch();
  site = await serve({ '/always': ALWAYS, '/region': REGION });
});

after(async () => {
  await site.close();
  await browser.close();
});

interface Case {
  readonly name: string;
  readonly path: string;
  readonly options?: DomRecorderOptions;
  readonly run?: (page: Page) => Promise<unknown>;
  /** Text that must be recorded, so that a recording of nothing does not pass. */
  readonly open: readonly string[];
}

const later = (page: Page): Promise<unknown> =>
  page.evaluate(async () => {
    const region = document.querySelector('#region') as HTMLElement;
    const shadow = (document.querySelector('#host') as HTMLElement).shadowRoot as ShadowRoot;
    const inner = (document.querySelector('#frame') as HTMLIFrameElement).contentDocument as Document;
    const added = document.createElement('p');
    added.innerHTML = '<b title="canary-later-title">canary-later-bold</b>canary-later';
    region.append(added);
    shadow.querySelector('#deep')?.append('canary-later-shadow');
    inner.querySelector('#inner')?.append('canary-later-frame');
    const text = added.lastChild as Text;
    await new Promise((resolve) => requestAnimationFrame(resolve));
    text.data = 'canary-changed-text';
    added.setAttribute('title', 'canary-changed-attribute');
    document.title = 'canary-changed-title';
    (region.querySelector('input') as HTMLInputElement).value = 'canary-set-value';
    await new Promise((resolve) => requestAnimationFrame(resolve));
    document.body.append(text);
    await new Promise((resolve) => requestAnimationFrame(resolve));
  });

const CASES: readonly Case[] = [
  { name: 'secrets in their usual places, without any option', path: '/always', open: ['open title', 'open-page', 'open text', 'open frame'] },
  {
    name: 'typing into secret fields, and showing the password',
    path: '/always',
    run: async (page) => {
      await page.fill('#pw', 'canary-typed');
      await page.evaluate(() => document.querySelector('#pw')?.setAttribute('type', 'text'));
      await page.fill('#pw', 'canary-typed-shown');
      await page.fill('[autocomplete=cc-number]', 'canary-typed-card');
    },
    open: ['open text'],
  },
  { name: 'a masked region, through shadow roots and frames', path: '/region', options: { mask_text: ['.pii'] }, run: later, open: ['open text'] },
  { name: 'a blocked region', path: '/region', options: { block: ['.pii'], mask_text: ['title'] }, run: laterBlocked, open: ['open text'] },
  { name: 'an unreadable selector masks everything', path: '/region', options: { mask_text: ['p:('] }, run: later, open: ['****'] },
  {
    name: 'all inputs',
    path: '/region',
    options: { mask_inputs: 'all', mask_text: ['.pii'] },
    run: async (page) => {
      await page.fill('input[placeholder]', 'canary-typed');
      await page.locator('#edit').fill('canary-edited');
      await page.selectOption('select', { index: 0 });
      await page.fill('textarea', 'canary-typed-area');
    },
    open: ['open text'],
  },
];

/** As `later`, but nothing leaves the blocked region: what is moved out is not secret by this rule. */
async function laterBlocked(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const region = document.querySelector('#region') as HTMLElement;
    region.append('canary-later');
    region.querySelector('p')?.setAttribute('title', 'canary-changed');
    (region.querySelector('input') as HTMLInputElement).value = 'canary-set-value';
    (document.querySelector('#host') as HTMLElement).shadowRoot?.querySelector('#deep')?.append('canary-later-shadow');
    await new Promise((resolve) => requestAnimationFrame(resolve));
  });
  await page.fill('#region input', 'canary-typed');
}

async function check({ path, options, run, open }: Case): Promise<void> {
  const recording = await Recording.start(browser, options);
  try {
    const page = await recording.context.newPage();
    await page.goto(`${site.near}${path}`);
    await run?.(page);
    await recording.flush();
    const leaked = recording.text().match(/canary[a-z-]*/g) ?? [];
    assert.deepEqual([...new Set(leaked)], [], 'no canary leaves the page');
    for (const text of open) assert.ok(recording.text().includes(text), `\`${text}\` is recorded`);
    assert.deepEqual(recording.noise.filter((line) => !OF_THE_PAGE.test(line)), []);
  } finally {
    await recording.context.close();
  }
}

for (const entry of CASES) test(`masks ${entry.name}`, () => check(entry));
