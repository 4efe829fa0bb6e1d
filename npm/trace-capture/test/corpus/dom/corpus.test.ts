import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContext, Page } from '@playwright/test';
import { launch } from '../../dom/browser.js';
import { mainFrameId, Recording } from '../../dom/recording.js';
import { Judge } from '../../dom/replay.js';
import { serve } from '../../dom/site.js';
import type { Answer, Site } from '../../dom/site.js';
import type { Case, Expected, Outcome } from './case.js';
import { DOCUMENTS } from './documents.js';
import { HOSTILE } from './hostile.js';
import { TREES } from './trees.js';

const CASES: readonly Case[] = [...DOCUMENTS, ...TREES, ...HOSTILE];
const INCREMENTAL = 3;

let browser: Browser;
let judge: Judge;
let site: Site;

const pathOf = (entry: Case): string => `/case-${CASES.indexOf(entry)}`;

before(async () => {
  browser = await launch();
  judge = await Judge.start(browser);
  const pages = CASES.flatMap((entry): [string, Answer][] => (entry.page === undefined ? [] : [[pathOf(entry), entry.page]]));
  site = await serve({
    ...Object.fromEntries(pages),
    '/next': '<!doctype html><title>next</title><body><p>next</p>',
    '/nested': '<!doctype html><p>middle</p><iframe src=/next></iframe>',
  });
});

after(async () => {
  await browser.close();
  await site.close();
});

/** Opens the page of a case in a context and does what the case does. */
async function play(entry: Case, context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  if (entry.page !== undefined) await page.goto(`${site.near}${pathOf(entry)}`);
  return (await entry.act?.(page, site)) ?? page;
}

async function outcomeOf(page: Page, noise: readonly string[]): Promise<Outcome> {
  const [title, text] = await page.evaluate(() => [document.title, document.documentElement.innerText] as const);
  return { url: page.url(), title, text, frames: page.frames().length, pages: page.context().pages().length, noise };
}

async function unrecorded(entry: Case): Promise<Outcome> {
  const noise: string[] = [];
  const context = await browser.newContext();
  context.on('weberror', (error) => noise.push(`pageerror: ${error.error().message}`));
  context.on('console', (message) => noise.push(`${message.type()}: ${message.text()}`));
  try {
    return await outcomeOf(await play(entry, context), noise);
  } finally {
    await context.close();
  }
}

async function check(entry: Case): Promise<void> {
  const plain = await unrecorded(entry);
  const recording = await Recording.start(browser);
  try {
    const page = await play(entry, recording.context);
    const live = await outcomeOf(page, recording.noise);
    await recording.flush();
    assert.deepEqual(live, plain, 'recorded and unrecorded have one outcome');
    const events = recording.events(page);
    assert.deepEqual(events.slice(0, 2).map(({ type }) => type), [4, 2], 'the recording begins with Meta and FullSnapshot');
    if (entry.differs === undefined) {
      const replayed = await judge.replay(events);
      assert.equal(replayed.text, await judge.live(page), 'the rebuilt document is the live one');
      const digests = await recording.recorder.digest(page);
      assert.equal(replayed.digest, digests.get(mainFrameId(page))?.digest, 'both have one digest');
    }
    checkExpected(entry.expected ?? {}, recording, page);
  } finally {
    await recording.context.close();
  }
}

function checkExpected(expected: Expected, recording: Recording, page: Page): void {
  const all = recording.text();
  for (const pattern of expected.text ?? []) assert.match(all, pattern);
  for (const pattern of expected.without ?? []) assert.doesNotMatch(all, pattern);
  const events = recording.parts.flatMap((part) => JSON.parse(part.events) as { type: number; data: { source?: number } }[]);
  const sources = new Set(events.filter(({ type }) => type === INCREMENTAL).map(({ data }) => data.source));
  for (const source of expected.sources ?? []) assert.ok(sources.has(source), `no event of source ${source}`);
  const codes = recording.notices.map(({ code }) => code);
  for (const code of expected.notices ?? []) assert.ok(codes.includes(code), `no notice \`${code}\` among ${codes.join()}`);
  assert.deepEqual(codes.filter((code) => /lost|malformed|overflow|failed|incomplete/.test(code)), [], 'nothing was lost');
  const main = mainFrameId(page);
  const others = new Set(recording.parts.filter(({ frame }) => frame !== main && isOpen(page, frame)).map(({ stream }) => stream));
  if (expected.streams !== undefined) assert.equal(others.size, expected.streams, 'streams beside the page\'s own');
  const mine = recording.parts.filter(({ frame }) => frame === main);
  if (expected.generations !== undefined) assert.equal(mine.at(-1)?.generation, expected.generations, 'recordings of the document');
}

function isOpen(page: Page, frame: string): boolean {
  return page.frames().some((one) => Reflect.get(one, '_guid') === frame);
}

for (const entry of CASES) test(`${entry.name}: ${entry.hazard}`, () => check(entry));

test('a document out of the back-forward cache: goes on with the recorder it had, in its stream', async () => {
  // Playwright switches that cache off, so this one needs a browser of its own.
  const caching = await launch({ ignoreDefaultArgs: ['--disable-back-forward-cache'] });
  try {
    const recording = await Recording.start(caching);
    const page = await recording.context.newPage();
    await page.goto(`${site.near}/next`);
    await page.evaluate(() => { Reflect.set(window, 'sameDocument', true); });
    await page.goto(`${site.near}/nested`);
    // A cached document has loaded already, so there is no load to wait for.
    await page.goBack({ waitUntil: 'commit' });
    assert.equal(await page.evaluate(() => Reflect.get(window, 'sameDocument') as unknown), true, 'the document came from the cache');
    await page.evaluate(() => document.body.append('came back'));
    await recording.flush();
    const events = recording.events(page);
    assert.match(JSON.stringify(events), /came back/);
    assert.equal(await judge.rebuilt(events), await judge.live(page));
    assert.deepEqual([recording.noise, recording.notices], [[], []]);
  } finally {
    await caching.close();
  }
});
