import type { Case } from './case.js';
import { inPage } from './case.js';

const PLAIN = '<!doctype html><title>plain</title><body><h1>plain</h1><p id=p>start</p>';
const APPEND = '<script>addEventListener("load", () => { const b = document.createElement("b"); b.append("appended"); document.body.append(b) })</script>';

/** Pages that replace what a recorder stands on, or look for it. */
export const HOSTILE: readonly Case[] = [
  {
    name: 'a clock that is installed and paused',
    hazard: 'trailing throttles never fire; times from two clocks',
    page: PLAIN,
    act: async (page, site) => {
      await page.clock.install({ time: 0 });
      await page.goto(`${site.near}/next`);
      // Only a time to come can be stopped at, and a busy machine takes long to ask for it.
      await page.clock.pauseAt(3_600_000);
      await page.mouse.move(10, 10);
      await page.mouse.move(90, 90);
      await page.evaluate(() => document.body.append(`at ${Date.now()}`));
    },
    expected: { text: [/at 3600000/] },
  },
  { name: 'fake timers of the page', hazard: 'flushing waits for a timer that never fires', page: `<!doctype html><script>{ const N = Date; window.setTimeout = window.requestAnimationFrame = window.setInterval = () => 0; window.Date = class extends N { static now() { return 1 } }; performance.now = () => 2 }</script><p>frozen</p>${APPEND}`, expected: { text: [/appended/] } },
  { name: 'a message that is null', hazard: 'a listener of the recorder reads a property of it', page: PLAIN, act: inPage(() => { window.postMessage(null, '*'); window.postMessage({ type: 'rrweb' }, '*'); }) },
  { name: 'prototypes patched in zone\'s way', hazard: 'rrweb asks a probe frame for the originals', page: `<!doctype html><script>window.Zone = { __symbol__: (n) => "__zone_symbol__" + n }; for (const name of ["childNodes", "parentNode"]) { const d = Object.getOwnPropertyDescriptor(Node.prototype, name); Object.defineProperty(Node.prototype, name, { ...d, get() { return d.get.call(this) } }) } const add = EventTarget.prototype.addEventListener; EventTarget.prototype.addEventListener = function (...a) { return add.apply(this, a) }</script><p>zone</p>${APPEND}`, expected: { text: [/appended/] } },
  { name: 'a replaced MutationObserver', hazard: 'observing through the page\'s own', page: `<!doctype html><script>window.MutationObserver = class { observe() {} disconnect() {} takeRecords() { return [] } }; window.WebKitMutationObserver = window.MutationObserver</script><p>blind</p>${APPEND}`, expected: { text: [/appended/] } },
  { name: 'replaced JSON, Array.from, Promise and Map', hazard: 'batches are written with what the page left', page: `<!doctype html><script>JSON.stringify = () => "{}"; Array.from = () => []; Array.prototype.toJSON = () => 0; window.Promise = class {}; window.crypto.getRandomValues = (a) => a</script><p>replaced</p>${APPEND}`, expected: { text: [/appended/] } },
  { name: 'a console that throws', hazard: 'the recorder\'s own warnings', page: `<!doctype html><script>for (const name of ["log", "warn", "error", "debug"]) console[name] = () => { throw new Error(name) }</script><p>mute</p>${APPEND}`, expected: { text: [/appended/] } },
  {
    name: 'a page that counts frames and mutations',
    hazard: 'a probe frame of the recorder shows, and each runs our script again',
    page: '<!doctype html><p>watching</p><script>window.seen = 0; new MutationObserver((all) => { for (const one of all) for (const node of one.addedNodes) if (node.nodeName === "IFRAME") window.seen += 1 }).observe(document, { childList: true, subtree: true })</script>',
    act: inPage(() => new Promise((resolve) => setTimeout(() => { document.body.append(`frames seen: ${String(Reflect.get(window, 'seen'))}, ${window.length}`); resolve(0); }, 20))),
    expected: { text: [/frames seen: 0, 0/] },
  },
  { name: 'frozen globals', hazard: 'our handle cannot be told from theirs', page: `<!doctype html><script>Object.freeze(Object.prototype); Object.freeze(Array.prototype); Object.preventExtensions(window.performance)</script><p>frozen</p>${APPEND}`, expected: { text: [/appended/] } },
  { name: 'a page that throws on every error event', hazard: 'an error of ours becomes the page\'s', page: `<!doctype html><script>addEventListener("error", (e) => { document.title = "error " + e.message }); addEventListener("unhandledrejection", (e) => { document.title = "rejected" })</script><p>careful</p>${APPEND}`, expected: { text: [/appended/] } },
  { name: 'elements with names of properties', hazard: 'a form whose `attributes` is an input', page: '<!doctype html><form id=f><input name=attributes><input name=parentNode><input name=childNodes><input name=nodeType></form><img name=body><p>clobbered</p>', act: inPage(() => { document.querySelector('p')?.append(' and changed'); }), expected: { text: [/and changed/] } },
  { name: 'getters that throw', hazard: 'reading an instance property runs the page\'s code', page: PLAIN, act: inPage(() => { const p = document.getElementById('p') as HTMLElement; Object.defineProperty(p, 'shadowRoot', { get: () => { throw new Error('mine'); } }); p.append(' trap'); document.body.append(p); }) },
  { name: 'scrolling and pointer', hazard: 'positions are throttled, the last one counts', page: '<!doctype html><body style="height:4000px"><div id=box style="height:50px;overflow:auto"><p style="height:900px">x</p></div>', act: async (page) => { await page.evaluate(() => { const box = document.getElementById('box') as HTMLElement; const scrolled = new Promise((resolve) => box.addEventListener('scroll', resolve, { once: true })); scrollTo(0, 700); box.scrollTop = 40; return scrolled; }); await page.mouse.move(3, 3); }, expected: { sources: [3] } },
  { name: 'media elements', hazard: 'playing is an event of its own', page: '<!doctype html><video id=v muted loop></video><audio id=a></audio>', act: inPage(() => { (document.getElementById('v') as HTMLVideoElement).volume = 0.5; document.body.append('media'); }) },
];
