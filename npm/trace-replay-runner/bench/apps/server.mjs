/** Small apps, each with one habit that is hard to replay. Everything a page shows comes from a request, so that a wrong answer shows. */
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const page = (title, body, script) => `<!doctype html><meta charset=utf-8><title>${title}</title><h1>${title}</h1>${body}<script>
const show = (id, text) => { document.getElementById(id).textContent = text; };
const json = async (url, options) => (await fetch(url, options)).json();
const post = (url, data) => json(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(data) });
${script ?? ''}</script>`;
const out = (id) => `<p>${id}: <output id=${id}>none</output></p>`;
const button = (id, text) => `<button id=${id}>${text}</button>`;
const click = (id, code) => `document.getElementById('${id}').onclick = async () => { ${code} };`;

/** Pages by path. */
const PAGES = {
  '/spa': page('spa', `<nav><a href=/spa/a>A</a> <a href=/spa/b>B</a></nav>${out('view')}`, `
    const go = async () => show('view', (await json('/api/view' + location.pathname)).text);
    addEventListener('popstate', go);
    for (const a of document.querySelectorAll('a')) a.onclick = (e) => { e.preventDefault(); history.pushState({}, '', a.href); void go(); };`),
  '/mpa': page('mpa', '<form action=/mpa/two><input name=name><button>Next</button></form>'),
  '/sse': page('sse', out('ticks'), `
    const told = []; const source = new EventSource('/api/ticks');
    source.onmessage = ({ data }) => { told.push(data); show('ticks', told.join(' ')); if (told.length === 3) source.close(); };`),
  '/ws': page('ws', `${button('ask', 'Ask')}${out('said')}`, `
    const socket = new WebSocket(location.origin.replace('http', 'ws') + '/socket');
    socket.onopen = () => show('said', 'open');
    socket.onmessage = ({ data }) => show('said', data);
    ${click('ask', "socket.send('ping');")}`),
  '/idb': page('idb', `${button('add', 'Add')}${out('count')}`, `
    const db = new Promise((done) => { const r = indexedDB.open('notes', 1); r.onupgradeneeded = () => r.result.createObjectStore('notes', { autoIncrement: true }); r.onsuccess = () => done(r.result); });
    const asked = (r) => new Promise((done) => { r.onsuccess = () => done(r.result); });
    const count = async () => show('count', await asked((await db).transaction('notes').objectStore('notes').count()));
    ${click('add', "const note = await json('/api/note'); await asked((await db).transaction('notes', 'readwrite').objectStore('notes').add(note)); await count();")}
    void count();`),
  '/login': page('login', '<form method=post action=/session><input name=user><button>Sign in</button></form>'),
  '/upload': page('upload', `<input type=file id=file>${button('send', 'Send')}${out('digest')}`, click('send', `
    const form = new FormData(); form.set('file', document.getElementById('file').files[0]);
    show('digest', (await json('/api/upload', { method: 'POST', body: form })).digest);`)),
  '/frame': page('frame', '<iframe src=/frame/inner title=inner></iframe>'),
  '/frame/inner': page('inner', `${button('order', 'Order')}${out('number')}`, click('order', "show('number', (await post('/api/order', {})).number);")),
  '/popup': page('popup', `${button('open', 'Open')}${out('chosen')}`, `
    addEventListener('message', ({ data }) => show('chosen', data));
    ${click('open', "open('/popup/choose');")}`),
  '/popup/choose': page('choose', button('tea', 'Tea'), click('tea', "opener.postMessage((await json('/api/tea')).name, '*'); close();")),
  '/polling': page('polling', `${button('begin', 'Begin')}${out('state')}`, click('begin', `
    const { job } = await post('/api/jobs', {});
    for (let state = ''; state !== 'done'; ) { state = (await json('/api/jobs/' + job)).state; show('state', state); await new Promise((d) => setTimeout(d, 60)); }`)),
  '/timers': page('timers', `<input id=query aria-label=query>${out('found')}`, `
    let timer; document.getElementById('query').oninput = ({ target }) => { clearTimeout(timer); timer = setTimeout(async () => show('found', (await json('/api/search?q=' + target.value)).found), 150); };`),
  '/ids': page('ids', `${button('pay', 'Pay')}${out('receipt')}`, click('pay', "show('receipt', (await post('/api/pay', { key: crypto.randomUUID(), nonce: Math.random() })).receipt);")),
  '/retries': page('retries', `${button('try', 'Try')}${out('tries')}`, click('try', `
    let tries = 0; for (;;) { tries += 1; const answer = await fetch('/api/flaky'); if (answer.ok) return show('tries', tries + ' ' + (await answer.json()).word); }`)),
  '/busting': page('busting', `${button('load', 'Load')}${out('news')}`, click('load', "show('news', (await json('/api/news?_=' + Date.now())).news);")),
  '/local': page('local', `${button('save', 'Save')}${out('saved')}`, `
    show('saved', localStorage.getItem('saved') ?? 'nothing');
    ${click('save', "const { word } = await json('/api/word'); localStorage.setItem('saved', word); location.reload();")}`),
  '/tab': page('tab', `${button('visit', 'Visit')}${out('visits')}`, `
    show('visits', sessionStorage.getItem('visits') ?? '0');
    ${click('visit', "const { next } = await post('/api/visit', { visits: Number(sessionStorage.getItem('visits') ?? 0) }); sessionStorage.setItem('visits', next); show('visits', next);")}`),
  '/memory': page('memory', `${button('more', 'More')}${out('sum')}`, `let sum = 0; ${click('more', "sum += (await post('/api/add', { sum })).add; show('sum', sum);")}`),
  '/puts': page('puts', `${button('red', 'Red')}${button('blue', 'Blue')}${out('colour')}`, ['red', 'blue'].map((colour) =>
    click(colour, `show('colour', (await json('/api/colour', { method: 'PUT', body: JSON.stringify({ colour: '${colour}' }) })).kept);`)).join('\n')),
  '/scroll': page('scroll', `${button('further', 'Further')}<ul id=list></ul>`, `
    let from = 0; const more = async () => { const { items } = await json('/api/items?from=' + from); from += items.length; for (const item of items) { const li = document.createElement('li'); li.textContent = item; document.getElementById('list').append(li); } };
    document.getElementById('further').onclick = more; void more();`),
  '/graphql': page('graphql', `${button('me', 'Me')}${button('cart', 'Cart')}${out('data')}`, ['me', 'cart'].map((name) =>
    click(name, `show('data', (await post('/api/graphql', { operationName: '${name}', query: 'query ${name} { ${name} }', variables: {} })).data);`)).join('\n')),
  '/worker': page('worker', `${button('work', 'Work')}${out('result')}`, `
    const worker = new Worker('/worker.js'); worker.onmessage = ({ data }) => show('result', data);
    ${click('work', "worker.postMessage('go');")}`),
  '/dates': page('dates', `${button('today', 'Today')}${out('day')}`, click('today', "show('day', (await post('/api/day', { day: new Date().toISOString().slice(0, 10) })).day);")),
  '/csrf': page('csrf', `${button('fetch', 'Get token')}${button('submit', 'Submit')}${out('answer')}`, `
    let token = ''; ${click('fetch', "token = (await json('/api/token')).csrf_token; show('answer', 'ready');")}
    ${click('submit', "show('answer', (await post('/api/submit', { csrf_token: token })).answer);")}`),
  '/broken': page('broken', `${button('load', 'Load')}${out('shown')}`, click('load', "const answer = await fetch('/api/nothing-here'); show('shown', answer.ok ? 'fine' : 'status ' + answer.status);")),
};

const state = { jobs: new Map(), flaky: 0, words: 0, orders: 0, news: 0, token: '' };
const DELAY_MS = 50;

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

/** Answers of the API by path. Most never say the same twice, so that an answer out of order shows. */
const API = {
  '/api/note': () => ({ note: ++state.words }),
  '/api/order': () => ({ number: `order ${++state.orders}` }),
  '/api/tea': () => ({ name: 'Earl Grey' }),
  '/api/jobs': () => { const job = randomUUID(); state.jobs.set(job, 0); return { job }; },
  '/api/search': (_, url) => ({ found: `${url.searchParams.get('q')} twice` }),
  '/api/pay': (body) => ({ receipt: `paid ${createHash('sha256').update(String(JSON.parse(body).key.length)).digest('hex').slice(0, 6)}` }),
  '/api/news': () => ({ news: `news ${++state.news}` }),
  '/api/word': () => ({ word: `word ${++state.words}` }),
  '/api/visit': (body) => ({ next: JSON.parse(body).visits + 1 }),
  '/api/add': (body) => ({ add: JSON.parse(body).sum + 2 }),
  '/api/colour': (body) => ({ kept: `${JSON.parse(body).colour} kept` }),
  '/api/items': (_, url) => ({ items: [0, 1, 2].map((n) => `item ${Number(url.searchParams.get('from')) + n}`) }),
  '/api/graphql': (body) => ({ data: `${JSON.parse(body).operationName} answered` }),
  '/api/work': () => ({ result: 'worked' }),
  '/api/day': (body) => ({ day: `it is ${JSON.parse(body).day}` }),
  '/api/token': () => ({ csrf_token: (state.token = randomUUID()) }),
  '/api/submit': (body) => ({ answer: JSON.parse(body).csrf_token === state.token ? 'accepted' : 'refused' }),
  '/api/upload': (body) => ({ digest: `${/filename="([^"]*)"/.exec(body.toString('latin1'))?.[1]} taken` }),
};

function jsonOf(response, value, status = 200) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(value));
}

async function answer(request, response) {
  const url = new URL(request.url, 'http://host');
  const html = PAGES[url.pathname] ?? (url.pathname.startsWith('/spa/') ? PAGES['/spa'] : undefined);
  if (html) return response.writeHead(200, { 'content-type': 'text/html' }).end(html);
  if (url.pathname === '/mpa/two') return response.writeHead(200, { 'content-type': 'text/html' }).end(page('two', `<p id=hello>Hello ${url.searchParams.get('name')}</p><a href=/mpa/three>Last</a>`));
  if (url.pathname === '/mpa/three') return response.writeHead(200, { 'content-type': 'text/html' }).end(page('three', '<p>The end</p>'));
  if (url.pathname === '/session') {
    const user = new URLSearchParams((await bodyOf(request)).toString()).get('user');
    return response.writeHead(302, { location: '/home', 'set-cookie': [`sid=${Buffer.from(user).toString('hex')}${randomUUID()}; HttpOnly; Path=/`, 'theme=dark; Path=/'] }).end();
  }
  if (url.pathname === '/home') {
    const signedIn = /sid=/.test(request.headers.cookie ?? '');
    return response.writeHead(200, { 'content-type': 'text/html' }).end(page(signedIn ? 'welcome' : 'who are you', '<p id=theme></p><a href=/home>again</a>', "show('theme', document.cookie)"));
  }
  if (url.pathname === '/worker.js') return response.writeHead(200, { 'content-type': 'text/javascript' }).end("onmessage = async () => postMessage((await (await fetch('/api/work')).json()).result);");
  if (url.pathname === '/api/ticks') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const n of [1, 2, 3]) setTimeout(() => response.write(`data: tick${n}\n\n`), n * 100);
    return setTimeout(() => response.end(), 400);
  }
  if (url.pathname.startsWith('/api/jobs/')) {
    const seen = state.jobs.get(url.pathname.slice('/api/jobs/'.length)) ?? 0;
    state.jobs.set(url.pathname.slice('/api/jobs/'.length), seen + 1);
    return jsonOf(response, { state: ['queued', 'running', 'done'][Math.min(seen, 2)] });
  }
  if (url.pathname === '/api/flaky') return ++state.flaky % 3 === 0 ? jsonOf(response, { word: 'at last' }) : jsonOf(response, { error: 'busy' }, 503);
  if (url.pathname.startsWith('/api/view/')) return jsonOf(response, { text: `view of ${url.pathname.slice('/api/view'.length)}` });
  const made = API[url.pathname];
  if (!made) return jsonOf(response, { error: 'not found' }, 404);
  const body = await bodyOf(request);
  setTimeout(() => jsonOf(response, made(body, url)), DELAY_MS);
}

/** A WebSocket that answers each text with another, by RFC 6455 without extensions. */
function socket(request, raw) {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  raw.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  let told = 0;
  raw.on('error', () => undefined);
  raw.on('data', (frame) => {
    if ((frame[0] & 0x0f) === 8) return raw.end(Buffer.from([0x88, 0]));
    const text = Buffer.from(`pong ${++told}`);
    raw.write(Buffer.concat([Buffer.from([0x81, text.length]), text]));
  });
}

/** Starts the apps on a free port of the loopback address. */
export async function startApps() {
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  server.on('upgrade', socket);
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
