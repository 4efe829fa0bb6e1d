import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from '@playwright/test';
import type { Hub } from '../../dist/network/hub.js';
import { launch } from '../dom/browser.js';
import { serve } from '../dom/site.js';
import type { Site } from '../dom/site.js';
import { KEEP, NEXT_KEY, TELL } from './site.js';
import { restoring, Subject, valueOf } from './subject.js';

const FORM = `<!doctype html><title>form</title><body style="height:5000px"><div id=box style="height:50px;overflow:auto"><p style="height:900px">x</p></div>
<form><input id=name value=old><input type=password name=pw><input type=checkbox id=yes><input type=radio name=r value=1><input type=radio name=r value=2 id=two>
<select id=one><option>a<option>b</select><select multiple id=many><option>a<option>b<option>c</select><textarea id=long></textarea><input type=hidden id=quiet value=h><input type=file id=file><input type=range id=range min=0 max=9></form>
<div id=host></div><details id=more><summary>m</summary></details><dialog id=dialog>d</dialog><div popover id=pop>p</div>
<script>host.attachShadow({ mode: 'open' }).innerHTML = '<label><input id=inner></label>'</script>`;

const EARLY = "<!doctype html><script>indexedDB.open('early', 1).onupgradeneeded = (event) => event.target.result.createObjectStore('s').add('first', 1);</script>";

/** What an answer waits for. */
let letGo: () => void;
const held = new Promise<void>((resolve) => (letGo = resolve));

let browser: Browser;
let hub: Hub;
let site: Site;

before(async () => {
  browser = await launch();
  hub = await Subject.hub(browser);
  site = await serve({
    '/': '<!doctype html><title>plain</title><p>plain',
    '/form': FORM,
    '/early': EARLY,
    '/outer': '<!doctype html><p>outer<iframe src="FAR/form"></iframe>',
    '/held': (_request, response) => void held.then(() => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>went on')),
    '/cookies': (_request, response) => response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': ['sid=one; HttpOnly; Path=/', 'shown=two; SameSite=Strict'] }).end('<p>cookies'),
    '/sw.js': (_request, response) => response.writeHead(200, { 'content-type': 'text/javascript' }).end('self.onfetch = () => {}'),
  });
});

after(async () => {
  await browser.close();
  await site.close();
});

async function during(path: string, body: (subject: Subject, page: Page) => Promise<void>, limits: { max_bytes?: number; budget_ms?: number } = {}): Promise<void> {
  const subject = await Subject.start(browser, hub, limits);
  try {
    const page = await subject.context.newPage();
    await page.goto(`${site.near}${path}`);
    await body(subject, page);
  } finally {
    await subject.context.close();
  }
}

const call = async (page: Page, source: string): Promise<unknown> => await page.evaluate(`(${source})()`);

test('databases come back as they were in a fresh context, key generators too', () =>
  during('/', async (subject, page) => {
    await call(page, KEEP);
    const part = `indexeddb ${site.near}/`;
    const databases = await subject.until(part, (value) => JSON.stringify(value)?.includes('"next_key":9') ?? false);
    const told = await call(page, TELL);
    assert.ok(String(told).split('\n').length === 12, String(told).slice(0, 2000));
    await during('/', async (_other, restored) => {
      await restored.evaluate(restoring(databases));
      assert.equal(await call(restored, TELL), told);
      assert.deepEqual(await call(restored, NEXT_KEY), [9, 2]);
      assert.deepEqual(await call(page, NEXT_KEY), [9, 2]);
    });
  }));

test('2000 records and 100 KB of local storage come back', () =>
  during('/', async (subject, page) => {
    await page.evaluate(async () => {
      localStorage.setItem('big', 'x'.repeat(100_000));
      const db = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open('many', 3);
        request.onupgradeneeded = (): void => void request.result.createObjectStore('rows', { keyPath: 'id', autoIncrement: true });
        request.onsuccess = (): void => resolve(request.result);
      });
      const transaction = db.transaction('rows', 'readwrite');
      for (let at = 0; at < 2000; at += 1) transaction.objectStore('rows').add({ at: new Date(at), text: 'r'.repeat(200), map: new Map([[at, 1]]) });
      await new Promise((resolve) => (transaction.oncomplete = resolve));
      db.close();
    });
    await subject.until(`local ${site.near}/`, (value) => JSON.stringify(value) === JSON.stringify([['big', 'x'.repeat(100_000)]]));
    const databases = valueOf((await subject.read(true)).parts.get(`indexeddb ${site.near}/`));
    assert.match(JSON.stringify(databases), /\[2000,\{"at":\{"\$":"date","v":1999\}/);
    const told = await call(page, TELL);
    await during('/', async (_other, restored) => {
      await restored.evaluate(restoring(databases));
      assert.equal(await call(restored, TELL), told);
    });
  }));

test('through Playwright alone the same page gives the same cookies, items, databases and fields', () =>
  during('/form', async (subject, page) => {
    await call(page, KEEP);
    await page.evaluate(() => { localStorage.setItem('kept', 'yes'); sessionStorage.setItem('tab', 'one'); document.cookie = 'seen=1'; });
    await page.fill('[name=pw]', 'hunter2');
    const whole = await subject.read(true);
    const plain = await subject.plainly();
    assert.deepEqual([whole.missing, plain.missing], [[], []]);
    for (const part of [`local ${site.near}/`, `session p1 ${site.near}/`, 'document p1f1']) assert.equal(plain.parts.get(part), whole.parts.get(part), part);
    const named = (reading: typeof plain): unknown => (valueOf(reading.parts.get('cookies')) as { name: string; value: string }[]).map(({ name, value }) => [name, value]);
    assert.deepEqual(named(plain), named(whole));
    const databases = (reading: typeof plain): string => (reading.parts.get(`indexeddb ${site.near}/`) ?? '').replaceAll(/"next_key":\d+,?|,"next_key":\d+/g, '');
    assert.ok(databases(plain).length > 1000);
    assert.equal(databases(plain), databases(whole));
    assert.deepEqual([whole.parts.has('history p1'), plain.parts.has('history p1')], [true, false]);
  }));

test('a database that the first script of an origin makes is read, and from a page that comes later', () =>
  during('/early', async (subject, page) => {
    const isThere = (value: unknown): boolean => JSON.stringify(value)?.includes('"name":"early"') ?? false;
    await subject.until(`indexeddb ${site.near}/`, isThere);
    await page.goto(`${site.far}/early`);
    await subject.until(`indexeddb ${site.far}/`, isThere);
    const later = await subject.context.newPage();
    await later.goto(site.near);
    await page.close();
    await subject.again().until(`indexeddb ${site.near}/`, isThere);
  }));

test('what a context kept before the recorder came is found', () =>
  during('/', async (_, page) => {
    await call(page, KEEP);
    const late = await Subject.late(browser, page.context());
    const part = `indexeddb ${site.near}/`;
    const told = await call(page, TELL);
    const databases = await late.until(part, (value) => value !== undefined);
    await page.reload();
    assert.equal(await call(page, TELL), told);
    assert.deepEqual(valueOf((await late.read(true)).parts.get(part)), databases);
  }));

test('a record that is just being written at a boundary is in its state', () =>
  during('/', async (subject, page) => {
    await page.evaluate(async () => {
      const db = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open('notes', 1);
        request.onupgradeneeded = (): void => void request.result.createObjectStore('s');
        request.onsuccess = (): void => resolve(request.result);
      });
      const note = (text: string): Promise<void> => new Promise((resolve) => {
        const store = db.transaction('s', 'readwrite').objectStore('s');
        const more = (left: number): void => {
          if (left > 0) store.put(left, left).onsuccess = (): void => more(left - 1);
        };
        store.put(text, text).onsuccess = (): void => {
          resolve();
          more(300);
        };
      });
      Object.assign(window, { note });
    });
    await subject.until(`indexeddb ${site.near}/`, (value) => value !== undefined);
    for (const text of ['one', 'two', 'three', 'four', 'five']) {
      await page.evaluate(`note(${JSON.stringify(text)})`);
      assert.match((await subject.read()).parts.get(`indexeddb ${site.near}/`) ?? '', new RegExp(`"${text}"`));
    }
  }));

test('what cannot be had or is too big is said, and the rest is there', () =>
  during('/', async (subject, page) => {
    await page.evaluate(async () => {
      for (const [name, value] of [['keys', await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])], ['huge', 'y'.repeat(60_000)]] as const) {
        const db = await new Promise<IDBDatabase>((resolve) => {
          const request = indexedDB.open(name, 1);
          request.onupgradeneeded = (): void => void request.result.createObjectStore('s');
          request.onsuccess = (): void => resolve(request.result);
        });
        const transaction = db.transaction('s', 'readwrite');
        transaction.objectStore('s').add(value, 1);
        await new Promise((resolve) => (transaction.oncomplete = resolve));
        db.close();
      }
    });
    const { parts, notices } = await subject.read(true);
    assert.match(parts.get(`indexeddb ${site.near}/`) ?? '', /"\$":"lost","what":"CryptoKey"/);
    assert.deepEqual(notices.map(({ code }) => code).sort(), ['state.database.too_big', 'state.value.lost']);
  }, { max_bytes: 50_000 }));

test('forms, scroll, focus, history and open parts are read, in shadow roots too', () =>
  during('/form', async (subject, page) => {
    await page.fill('#name', 'new');
    await page.fill('[name=pw]', 'hunter2');
    await page.check('#yes');
    await page.check('#two');
    await page.selectOption('#one', 'b');
    await page.selectOption('#many', ['a', 'c']);
    await page.fill('#long', 'two\nlines');
    await page.fill('#inner', 'in the shadow');
    await page.setInputFiles('#file', { name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('a') });
    await page.evaluate(() => {
      const by = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;
      (by('quiet') as HTMLInputElement).value = 'set';
      (by('more') as HTMLDetailsElement).open = true;
      (by('pop') as HTMLElement).showPopover();
      window.name = 'named';
      history.pushState({ at: new Date(3), deep: [1n] }, '', '/form?step=2');
      by('name').focus();
      (by('name') as HTMLInputElement).setSelectionRange(1, 2);
      by('box').scrollTop = 33;
      window.scrollTo(0, 444);
    });
    const state = (await subject.until('document p1f1', (value) => JSON.stringify(value)?.includes('"y":33') ?? false)) as Record<string, unknown>;
    const fields = new Map((state['fields'] as { at: string }[]).map(({ at, ...rest }) => [at, rest]));
    assert.deepEqual(fields.get('#name'), { type: 'text', value: 'new' });
    assert.deepEqual(fields.get('#yes'), { type: 'checkbox', checked: true });
    assert.deepEqual(fields.get('#two'), { type: 'radio', name: 'r', checked: true });
    assert.deepEqual(fields.get('#one'), { type: 'select-one', selected: [1] });
    assert.deepEqual(fields.get('#many'), { type: 'select-multiple', selected: [0, 2] });
    assert.deepEqual(fields.get('#long'), { type: 'textarea', value: 'two\nlines' });
    assert.deepEqual(fields.get('#quiet'), { type: 'hidden', value: 'set' });
    assert.deepEqual(fields.get('#file'), { type: 'file', files: ['a.txt'] });
    assert.deepEqual(fields.get('#host >>> #inner'), { type: 'text', value: 'in the shadow' });
    assert.ok([...fields.values()].some((field) => (field as { value?: string }).value === 'hunter2'));
    assert.deepEqual(state['focus'], { at: '#name', selection: [1, 2] });
    assert.deepEqual(state['scroll'], [{ x: 0, y: 444 }, { at: '#box', x: 0, y: 33 }]);
    assert.deepEqual(state['open'], [{ at: '#more', how: 'open' }, { at: '#pop', how: 'popover' }]);
    assert.deepEqual([state['name'], state['url']], ['named', `${site.near}/form?step=2`]);
    assert.deepEqual((state['history'] as { state: unknown }).state, { at: { $: 'date', v: 3 }, deep: [{ $: 'bigint', v: '1' }] });
    assert.equal((await subject.read()).parts.has('document p1f1'), false, 'what did not change is not told again');
    const { index, entries } = valueOf((await subject.read(true)).parts.get('history p1')) as { index: number; entries: { url: string }[] };
    assert.deepEqual([index, entries.map(({ url }) => url)], [2, ['about:blank', `${site.near}/form`, `${site.near}/form?step=2`]]);
  }));

test('cookies are read with what scripts cannot see, and a frame of another process too', () =>
  during('/cookies', async (subject, page) => {
    await page.goto(`${site.near}/outer`);
    await page.frameLocator('iframe').locator('#name').fill('inside');
    await subject.until('document p1f2', (value) => JSON.stringify(value)?.includes('"value":"inside"') ?? false);
    const { parts } = await subject.read();
    const cookies = valueOf(parts.get('cookies')) as { name: string; httpOnly: boolean; sameSite?: string }[];
    assert.deepEqual(cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]), [['shown', false, 'Strict'], ['sid', true, undefined]]);
  }));

test('storage that a page wrote just before it left its origin is kept', () =>
  during('/', async (subject, page) => {
    // The process of a document that is replaced tells nothing more, so the next one waits until it did.
    const listener = await subject.context.newCDPSession(page);
    listener.on('DOMStorage.domStorageItemAdded', ({ key }) => { if (key === 'token') letGo(); });
    await listener.send('DOMStorage.enable');
    await page.evaluate((far) => {
      sessionStorage.setItem('tab', 'one');
      localStorage.setItem('token', 'last thing');
      location.href = `${far}/held`;
    }, site.far);
    await page.waitForURL(`${site.far}/held`);
    await subject.until(`local ${site.near}/`, (value) => JSON.stringify(value) === '[["token","last thing"]]');
    await page.evaluate(() => localStorage.setItem('here', '2'));
    await subject.until(`local ${site.far}/`, (value) => JSON.stringify(value) === '[["here","2"]]');
  }));

test('a frame that is gone is told, and what is there is told again to a trace that begins later', () =>
  during('/outer', async (subject, page) => {
    await subject.until('document p1f2', (value) => value !== undefined);
    await page.evaluate(() => { localStorage.setItem('kept', 'yes'); document.querySelector('iframe')?.remove(); });
    await subject.until(`local ${site.near}/`, (value) => JSON.stringify(value) === '[["kept","yes"]]');
    const { frames } = await subject.read();
    assert.deepEqual([...(frames.get('p1') ?? [])], ['p1f1']);
    const { parts } = await subject.again().read(true);
    assert.deepEqual([parts.get(`local ${site.near}/`), parts.has('document p1f1'), parts.has('cookies')], ['[["kept","yes"]]', true, true]);
  }));

test('items that two pages changed are those of the last change', () =>
  during('/', async (subject, page) => {
    const other = await subject.context.newPage();
    await other.goto(site.near);
    await other.evaluate(() => localStorage.setItem('who', 'other'));
    await other.goto(site.far);
    await page.evaluate(() => localStorage.setItem('who', 'page'));
    await subject.until(`local ${site.near}/`, (value) => JSON.stringify(value) === '[["who","page"]]');
    assert.equal((await subject.read(true)).parts.get(`local ${site.near}/`), '[["who","page"]]');
  }));

test('caches and service workers are named', () =>
  during('/', async (subject, page) => {
    await page.evaluate(async () => {
      await (await caches.open('v1')).add('/cookies');
      await navigator.serviceWorker.register('/sw.js');
      await navigator.serviceWorker.ready;
    });
    await subject.until(`caches ${site.near}/`, (value) => JSON.stringify(value) === JSON.stringify([{ name: 'v1', requests: [{ method: 'GET', url: `${site.near}/cookies` }] }]));
    await subject.until(`workers ${site.near}/`, (value) => JSON.stringify(value)?.includes('/sw.js') ?? false);
  }));

test('a reading does not hang on a page that is busy, and says what did not answer', () =>
  during('/', async (subject, page) => {
    page.on('dialog', () => undefined);
    const asked = page.evaluate(() => { setTimeout(() => alert('blocks'), 0); });
    const [dialog] = await Promise.all([page.waitForEvent('dialog'), asked]);
    const { missing, parts } = await subject.readWithin(100);
    assert.ok(missing.includes('p1'));
    assert.ok(parts.has('cookies'));
    await dialog.dismiss();
  }, { budget_ms: 100 }));
