import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A site for browsers that are put back: each page keeps its state in another place, and the answers count. */
export interface RestoredSite {
  readonly url: string;
  readonly asked: string[];
  close(): Promise<void>;
}

const page = (title: string, body: string, script: string): string => `<!doctype html><meta charset=utf-8><title>${title}</title><link rel=icon href="data:,"><h1>${title}</h1>${body}<script>${script}</script>`;

/** Counts its visits in every storage that a leak from one attempt into the next could show in; the rest is in memory. */
const VISITS = `
  const add = (storage) => storage.setItem('visits', String(Number(storage.getItem('visits') ?? 0) + 1));
  add(localStorage); add(sessionStorage);
  const cookies = Number(/visits=(\\d+)/.exec(document.cookie)?.[1] ?? 0) + 1; document.cookie = 'visits=' + cookies;
  const text = [localStorage.visits, sessionStorage.visits, cookies, history.length, window.name || 'nameless'].join(' ');
  const opened = indexedDB.open('visits', 1);
  opened.onupgradeneeded = () => opened.result.createObjectStore('visits', { autoIncrement: true });
  opened.onsuccess = () => { const store = opened.result.transaction('visits', 'readwrite').objectStore('visits'); store.add(1).onsuccess = ({ target }) => { document.querySelector('p').textContent = text + ' ' + target.result; }; };
  document.querySelector('button').onclick = () => { window.name = 'named'; history.pushState({}, '', '?went'); document.querySelector('output').textContent = 'in mind'; };`;

const WAITED = `
  document.querySelector('button').onclick = async () => {
    const { n } = await (await fetch('/count', { method: 'POST', body: 'more' })).json();
    localStorage.setItem('n', n);
    history.pushState({ n }, '', '/waited?done');
    show();
  };
  const show = () => { document.querySelector('output').textContent = localStorage.getItem('n') ?? 'none'; };
  show();`;

const OPENER = `
  document.querySelector('button').onclick = () => open('/opened');
  addEventListener('message', ({ data }) => { document.querySelector('output').textContent = data; });`;
const OPENED = `
  const field = document.querySelector('input');
  field.value = sessionStorage.getItem('colour') ?? '';
  field.oninput = () => sessionStorage.setItem('colour', field.value);
  document.querySelector('button').onclick = () => opener.postMessage(field.value + ' chosen', '*');`;

const FILES = `
  const file = document.querySelector('input');
  file.onchange = async () => { document.querySelector('output').textContent = file.files[0].name + ' ' + (await file.files[0].text()).length; };`;

const SESSION = `document.querySelector('output').textContent = document.cookie || 'nobody';`;

const WORKER = `
  oninstall = () => skipWaiting();
  onactivate = (event) => event.waitUntil(clients.claim());
  onfetch = (event) => { if (event.request.url.endsWith('/note')) event.respondWith(caches.match('/note').then((kept) => kept ?? new Response('not kept'))); };`;
const OFFLINE = `
  const output = document.querySelector('output');
  if (!navigator.serviceWorker.controller) output.textContent = 'nobody';
  document.querySelector('#keep').onclick = async () => {
    await (await caches.open('own')).add('/note');
    await navigator.serviceWorker.register('/worker.js');
    await new Promise((go) => navigator.serviceWorker.controller ? go() : (navigator.serviceWorker.oncontrollerchange = go));
    output.textContent = 'kept';
  };
  document.querySelector('#read').onclick = async () => { output.textContent = await (await fetch('/note')).text(); };`;

const ENTRIES = `document.querySelector('output').textContent = location.search || 'first';`;

/** Starts the site on a free port. */
export async function startRestoredSite(): Promise<RestoredSite> {
  const asked: string[] = [];
  let count = 0;
  const html = (response: ServerResponse, text: string, headers: Readonly<{ [name: string]: string }> = {}): void => void response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store', ...headers }).end(text);
  const pages: Readonly<{ [path: string]: string }> = {
    '/visits': page('Visits', '<p></p><button>On</button><output></output>', VISITS),
    '/waited': page('Waited', '<button>Count</button><output></output>', WAITED),
    '/opener': page('Opener', '<button>Open</button><output>none</output>', OPENER),
    '/opened': page('Opened', '<input aria-label=colour><button>Choose</button>', OPENED),
    '/files': page('Files', '<input type=file><output>no file</output>', FILES),
    '/session': page('Session', '<output></output>', SESSION),
    '/offline': page('Offline', '<button id=keep>Keep</button><button id=read>Read</button><output></output>', OFFLINE),
    '/embeds': page('Embeds', '', `document.body.append(Object.assign(document.createElement('iframe'), { src: location.search.slice(1) + '/waited' }));`),
    '/entries': page('Entries', '<a href="/entries?two">two</a> <a href="/entries?three">three</a><output></output>', ENTRIES),
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://site');
    asked.push(`${request.method} ${pathname}`);
    request.resume();
    const text = pages[pathname];
    if (text !== undefined) return html(response, text, { 'x-page': pathname });
    if (pathname === '/count') return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ n: (count += 1) }));
    if (pathname === '/note') return void response.writeHead(200, { 'content-type': 'text/plain' }).end(`note ${(count += 1)}`);
    if (pathname === '/worker.js') return void response.writeHead(200, { 'content-type': 'text/javascript' }).end(WORKER);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
