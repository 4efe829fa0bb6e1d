import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from '@playwright/test';
import { launch } from './browser.js';
import { Recording } from './recording.js';
import { html, serve } from './site.js';
import type { Site } from './site.js';

/** Changes all the time, and tells the server when it has done so 60 times since it began to leave: until then the next page is held back. */
const TICKING = `<!doctype html><body><a id=go href="/next">go</a><p id=tick>0</p>
<script>let n = 0, due;
addEventListener('beforeunload', () => { due = n + 60; localStorage.setItem('due', due); });
setInterval(() => { n += 1; tick.textContent = 'tick-' + n; localStorage.setItem('n', n); if (n === due + 1) fetch('/ticked'); }, 3)</script>`;

let browser: Browser;
let site: Site;
let answerNext: () => void = () => undefined;

before(async () => {
  browser = await launch();
  site = await serve({
    '/': TICKING,
    '/next': (_request, response) => void (answerNext = () => html(response, '<!doctype html><body><p>next</p>')),
    '/ticked': (_request, response) => {
      answerNext();
      response.end();
    },
    '/chunked': (request, response) => {
      const pieces = new URL(request.url ?? '/', 'http://x').searchParams.get('cuts')?.split(',').map(Number) ?? [];
      response.writeHead(200, { 'content-type': 'text/html' });
      sendIn(pieces, LONG, response);
    },
    '/deferred.js': (_request, response) => response.writeHead(200, { 'content-type': 'text/javascript' }).end("document.body.append('deferred')"),
    '/quiet': (_request, response) => html(response, '<!doctype html><body><p>quiet</p>'),
  });
});

after(async () => {
  await site.close();
  await browser.close();
});

const LONG = `<!doctype html><title>chunks</title><body>${Array.from({ length: 200 }, (_, at) => `<p class=c${at}>paragraph ${at}</p>`).join('')}<script defer src=/deferred.js></script>`;

function sendIn(cuts: readonly number[], text: string, response: { write(text: string): unknown; end(text: string): unknown }): void {
  const [cut, ...rest] = cuts;
  if (cut === undefined) response.end(text);
  else {
    response.write(text.slice(0, cut));
    setImmediate(() => setTimeout(() => sendIn(rest.map((at) => at - cut), text.slice(cut), response), 5));
  }
}

function lastTick(text: string): number {
  return Math.max(0, ...[...text.matchAll(/tick-(\d+)/g)].map((match) => Number(match[1])));
}

/** A number that the page keeps for after its end. */
const kept = async (page: Page, name: string): Promise<number> => Number(await page.evaluate((item) => localStorage.getItem(item), name));

interface Leaving {
  readonly name: string;
  /** Leaves the page; gives the tick up to which nothing may be missing. */
  readonly leave: (page: Page, recording: Recording) => Promise<number>;
}

const LEAVINGS: readonly Leaving[] = [
  { name: 'goto', leave: async (page) => { await page.goto(`${site.near}/next`); return await kept(page, 'due'); } },
  { name: 'a click on a link', leave: async (page) => { await page.click('#go'); await page.waitForURL('**/next'); return await kept(page, 'due'); } },
  { name: 'a flushed close', leave: async (page, recording) => { const due = await kept(page, 'n'); await recording.flush(); await page.close(); return due; } },
];

async function checkLeaving({ leave }: Leaving): Promise<void> {
  const recording = await Recording.start(browser);
  try {
    const page = await recording.context.newPage();
    await page.goto(site.near);
    await page.waitForFunction(() => Number(localStorage.getItem('n')) > 60);
    const due = await leave(page, recording);
    assert.ok(due > 60, `${due} ticks`);
    const last = lastTick(recording.text());
    assert.ok(last >= due, `the last tick is ${last} of ${due}`);
    assert.deepEqual(recording.notices.filter(({ code }) => code === 'dom.batch.lost'), []);
  } finally {
    await recording.context.close();
  }
}

for (const entry of LEAVINGS) test(`keeps the tail before ${entry.name}`, () => checkLeaving(entry));

test('nothing is missing after a normal end', async () => {
  const recording = await Recording.start(browser);
  const page = await recording.context.newPage();
  await page.goto(`${site.near}/quiet`);
  await page.evaluate(() => document.body.append('the very last'));
  const { unanswered, pending } = await recording.recorder.flush(recording.context);
  assert.deepEqual({ unanswered, pending }, { unanswered: 0, pending: 0 });
  assert.match(recording.text(), /the very last/);
  await recording.context.close();
});

/** The events without what differs by nature: time, and the address that carries the cuts. */
function shape(recording: Recording, page: Page): unknown[] {
  return recording.events(page).map(({ type, data }) => (type === 4 ? { type } : { type, data }));
}

test('the list of events does not depend on how the network cuts the document', async () => {
  const lists: unknown[][] = [];
  for (const cuts of ['', '40', '60,900,4000', '300,310,320,5000', '1000,2000,3000,4000,5000,6000']) {
    const recording = await Recording.start(browser);
    const page = await recording.context.newPage();
    await page.goto(`${site.near}/chunked?cuts=${cuts}`);
    await recording.flush();
    lists.push(shape(recording, page));
    await recording.context.close();
  }
  for (const list of lists) assert.deepEqual(list, lists[0]);
  assert.match(JSON.stringify(lists[0]), /deferred/);
});
