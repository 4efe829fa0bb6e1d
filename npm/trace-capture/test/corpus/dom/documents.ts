import type { Page } from '@playwright/test';
import { html } from '../../dom/site.js';
import type { Case } from './case.js';
import { inPage } from './case.js';

const PLAIN = '<!doctype html><title>plain</title><body><h1>plain</h1><p id=p>start</p>';
const STRICT = "default-src 'none'; script-src 'nonce-n1'; style-src 'nonce-n1'; require-trusted-types-for 'script'; trusted-types 'none'";

async function popup(page: Page, open: () => Promise<unknown>): Promise<Page> {
  const [opened] = await Promise.all([page.waitForEvent('popup'), open()]);
  await opened.waitForLoadState();
  return opened;
}

const framesLoaded = async (page: Page, count: number): Promise<void> => {
  while (page.frames().length < count) await page.waitForEvent('frameattached');
  await Promise.all(page.frames().map(async (frame) => await frame.waitForLoadState()));
};

/** Documents that come, go and are replaced. */
export const DOCUMENTS: readonly Case[] = [
  { name: 'setContent', hazard: 'a node added below the document itself is dropped by rrweb', page: PLAIN, act: async (page) => await page.setContent('<main><p>set</p></main>'), expected: { generations: 2 } },
  { name: 'setContent on the first blank page', hazard: 'the blank document is recorded before', act: async (page) => await page.setContent('<p>first</p>') },
  {
    name: 'document.write after loading',
    hazard: 'document.open erases every listener, the recorder\'s too',
    page: PLAIN,
    act: async (page) => {
      await page.evaluate(() => { document.open(); document.write('<body><p>written</p><input id=i>'); document.close(); });
      await page.fill('#i', 'typed after');
    },
    expected: { sources: [5], text: [/typed after/] },
  },
  {
    name: 'document.open twice',
    hazard: 'each one is a new root',
    page: PLAIN,
    act: inPage(() => { for (const word of ['one', 'two']) { document.open(); document.write(`<body><p>${word}</p>`); document.close(); } }),
  },
  { name: 'document.write while parsing', hazard: 'the parser is interrupted by its own script', page: '<!doctype html><body><p>a</p><script>document.write("<p>b</p><div>"); document.write("half</div>")</script><p>c</p>' },
  {
    name: 'a replaced root',
    hazard: 'rrweb keeps observing the root that is gone',
    page: PLAIN,
    act: inPage(() => {
      const root = document.createElement('html');
      root.innerHTML = '<head><title>new</title></head><body><p>new root</p></body>';
      document.replaceChild(root, document.documentElement);
    }),
    expected: { generations: 2 },
  },
  {
    name: 'a root replaced by itself',
    hazard: 'same element, removed and added in one task',
    page: PLAIN,
    act: inPage(() => {
      const root = document.documentElement;
      document.removeChild(root);
      document.appendChild(root);
      document.body.append('back again');
    }),
  },
  { name: 'a body that is replaced', hazard: 'the digest covers the body of the moment', page: PLAIN, act: inPage(() => { const body = document.createElement('body'); body.textContent = 'other body'; document.body.replaceWith(body); }) },
  { name: 'a slow document', hazard: 'splash states; listeners before the parser is done', page: (_request, response) => { response.writeHead(200, { 'content-type': 'text/html' }); response.write('<!doctype html><body><p>first'); setImmediate(() => response.end('</p><p>second</p>')); } },
  { name: 'a meta refresh', hazard: 'a document that leaves by itself', page: '<!doctype html><meta http-equiv=refresh content="0;url=/next"><p>before', act: async (page) => await page.waitForURL('**/next') },
  { name: 'a redirecting script', hazard: 'a document that is left while it is parsed', page: '<!doctype html><script>location.replace("/next")</script><p>before', act: async (page) => await page.waitForURL('**/next') },
  { name: 'reload', hazard: 'the same address with a new stream', page: PLAIN, act: async (page) => { await page.evaluate(() => document.body.append('lost by reload')); await page.reload(); } },
  { name: 'going back', hazard: 'a document from the back-forward cache keeps its recorder', page: PLAIN, act: async (page, site) => { await page.goto(`${site.near}/next`); await page.goBack(); await page.evaluate(() => document.body.append('came back')); } },
  {
    name: 'history.pushState',
    hazard: 'the address changes and the document does not',
    page: PLAIN,
    act: inPage(() => { for (let at = 0; at < 5; at += 1) { history.pushState({ at }, '', `/spa/${at}`); document.body.innerHTML = `<h1>view ${at}</h1>`; document.title = `view ${at}`; } history.replaceState(null, '', '#done'); }),
  },
  { name: 'quirks mode', hazard: 'no doctype', page: '<p align=center>quirks<table><tr><td>cell' },
  { name: 'an XHTML document', hazard: 'names keep their case, CDATA is text', page: (_request, response) => response.writeHead(200, { 'content-type': 'application/xhtml+xml' }).end('<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body><p>strict &amp; small</p></body></html>') },
  {
    name: 'a strict content policy with trusted types',
    hazard: 'nothing of ours may need eval, a worker, a connection or a policy',
    page: (_request, response) => html(response, `${PLAIN}<script nonce=n1>p.textContent = 'strict'</script>`, { 'content-security-policy': STRICT }),
  },
  { name: 'a blank popup', hazard: 'Chromium reuses the first window', page: PLAIN, act: async (page) => popup(page, () => page.evaluate(() => { window.open('about:blank')?.document.write('<p>in the popup</p>'); })), expected: { text: [/in the popup/] } },
  { name: 'a popup with an address', hazard: 'the script ran in the blank document that is thrown away', page: PLAIN, act: async (page) => popup(page, () => page.evaluate(() => { window.open('/next'); })) },
  { name: 'a popup without opener', hazard: 'another process from the start', page: PLAIN, act: async (page) => popup(page, () => page.evaluate(() => { window.open('/next', '_blank', 'noopener'); })) },
  { name: 'a link with rel=opener', hazard: 'the window of the blank document is reused', page: '<!doctype html><a target=_blank rel=opener href=/next>go</a>', act: async (page) => popup(page, () => page.click('a')) },
  { name: 'a same-origin frame', hazard: 'recorded by its parent, not twice', page: '<!doctype html><p>outer</p><iframe src=/next></iframe>', act: async (page) => { await framesLoaded(page, 2); await page.frames()[1]?.evaluate(() => document.body.append('from inside')); }, expected: { text: [/from inside/], streams: 0 } },
  { name: 'a frame of another origin', hazard: 'a stream of its own, tied to its element', page: '<!doctype html><p>outer</p><iframe src="FAR/next"></iframe>', act: async (page) => { await framesLoaded(page, 2); await page.frames()[1]?.evaluate(() => document.body.append('from afar')); }, expected: { text: [/from afar/], streams: 1 } },
  { name: 'a srcdoc frame', hazard: 'its address is about:srcdoc', page: '<!doctype html><p>outer</p><iframe srcdoc="<p>in srcdoc</p>"></iframe>', act: async (page) => await framesLoaded(page, 2), expected: { text: [/in srcdoc/] } },
  { name: 'a sandboxed frame with scripts', hazard: 'an opaque origin: its parent cannot read it', page: '<!doctype html><p>outer</p><iframe sandbox=allow-scripts src=/next></iframe>', act: async (page) => await framesLoaded(page, 2), expected: { streams: 1 } },
  { name: 'a sandboxed frame without scripts', hazard: 'each listener prints a line into its console', page: '<!doctype html><p>outer</p><iframe sandbox src=/next></iframe>', act: async (page) => await framesLoaded(page, 2), expected: { notices: ['dom.frame.opaque'] } },
  {
    name: 'a frame removed and added again',
    hazard: 'it gets a new document under its old element',
    page: '<!doctype html><p>outer</p><iframe src=/next></iframe>',
    act: async (page) => {
      await page.evaluate(async () => {
        const frame = document.querySelector('iframe') as HTMLIFrameElement;
        for (let at = 0; at < 3; at += 1) {
          frame.remove();
          const loaded = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
          document.body.append(frame);
          await loaded;
        }
      });
      await page.frames()[1]?.evaluate(() => document.body.append('the last one'));
    },
    expected: { text: [/the last one/] },
  },
  {
    name: 'frames in frames',
    hazard: 'ids of three documents in one recording',
    page: '<!doctype html><p>outer</p><iframe src=/nested></iframe>',
    act: async (page) => { await framesLoaded(page, 3); await page.frames()[2]?.evaluate(() => document.body.append('deepest')); },
    expected: { text: [/deepest/] },
  },
  { name: 'a frame that navigates', hazard: 'the old document must not answer for the new', page: '<!doctype html><p>outer</p><iframe src=/next></iframe>', act: async (page, site) => { await framesLoaded(page, 2); await page.frames()[1]?.goto(`${site.near}/nested`); await framesLoaded(page, 3); } },
  { name: 'a frame that goes to another origin', hazard: 'one element, first inside the recording and then outside', page: '<!doctype html><p>outer</p><iframe src=/next></iframe>', act: async (page, site) => { await framesLoaded(page, 2); await page.frames()[1]?.goto(`${site.far}/next`); }, expected: { streams: 1 }, differs: 'the player keeps the document that the frame had' },
  { name: 'title changes', hazard: 'the head is thinned, the title is not', page: PLAIN, act: inPage(() => { for (let at = 0; at < 20; at += 1) document.title = `title ${at}`; }), expected: { text: [/title 19/] } },
];
