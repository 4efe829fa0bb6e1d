/**
 * Fifty planted nondeterminisms, ten of each kind. Each is one small app: its page asks `before`, `a` and `after` one after the other (or what
 * `script` says), and only the request `touched` comes out otherwise when the world is let loose. With `ok` the test fails unless the page shows it.
 */
import { DAY, FIRST_DRAW, PINNED } from './world.mjs';

const plant = (kind, name, answer, more = {}) => ({ kind, name, answer, touched: ['a'], from: 2, ...more });
const time = (name, answer, more) => plant('time', name, (world) => answer(new Date(world.now()), world.now()), more);
const draw = (name, answer, more) => plant('randomness', name, (world) => answer(() => world.random()), more);
const stale = (name, answer, more) => plant('stale state', name, answer, more);
const order = (name, answer, more) => plant('order', name, answer, more);
const changed = (name, recorded, other, more) => plant('changed answer', name, (world) => world.answer(recorded, other), more);

/** An answer with more than a JSON body. */
const reply = (status, json, headers = {}) => ({ reply: { status, json, headers } });
const text = (body, type = 'text/plain') => ({ reply: { status: 200, text: body, headers: { 'content-type': type } } });
const upTo = (random, most) => Math.floor(random() * most);
const hex = (random, length) => Array.from({ length }, () => upTo(random, 16).toString(16)).join('');
const LEAVES = ['assam', 'sencha', 'oolong', 'keemun', 'gyokuro', 'matcha', 'ceylon', 'nilgiri', 'yunnan', 'lapsang', 'darjeeling', 'pu-erh'];

function shuffled(random, list) {
  return list.map((item) => [random(), item]).sort(([one], [other]) => one - other).map(([, item]) => item);
}

/** Two requests at once; what comes first is shown first. */
const BOTH = "const told = []; await Promise.all(['x', 'y'].map(async (call) => { const said = await ask(call); told.push(said); })); show(told.join('|'));";
const RACE = "const both = ['x', 'y'].map(async (call) => { await ask(call); return call; }); const won = await Promise.race(both); await Promise.all(both); show(await ask('won-' + won));";
const STREAM = "const source = new EventSource(at('a')); const told = []; source.onmessage = ({ data }) => { told.push(data); if (told.length === 3) { source.close(); show(told.join('|')); } };";
const SOCKET = "const socket = new WebSocket(at('a').replace('http', 'ws')); const told = []; socket.onmessage = ({ data }) => { told.push(data); if (told.length === 3) { socket.close(); show(told.join('|')); } };";
const FOLLOW = "const { next } = JSON.parse((await ask('a')).slice(4)); const told = []; for (const call of next) told.push(await ask(call)); show(told.join('|'));";
const PAGES = "show([await ask('a?page=1'), await ask('a?page=2'), await ask('after')].join('|'));";
const LATE_MS = 400;

export const PLANTS = [
  time('day', (date) => ({ day: date.toISOString().slice(0, 10) })),
  time('year', (date) => ({ footer: `© ${date.getUTCFullYear()} Kettle` })),
  time('days left', (_, now) => ({ left: Math.ceil((PINNED + 30 * DAY - now) / DAY) })),
  time('coupon', (_, now) => ({ valid: now < PINNED + DAY }), { ok: '"valid":true' }),
  time('created at', (date) => ({ id: 7, created_at: date.toISOString() })),
  time('unix seconds', (_, now) => ({ at: Math.floor(now / 1000) })),
  time('session over', (_, now) => (now < PINNED + DAY ? { user: 'ada' } : reply(401, { error: 'session over' })), { ok: '"user":"ada"' }),
  time('opening hours', (date) => ({ open: date.getUTCHours() === new Date(PINNED).getUTCHours() })),
  time('recent only', (_, now) => ({ recent: [1, 5, 20].filter((days) => now - (PINNED - days * DAY) < 10 * DAY) })),
  time('season', (_, now) => reply(302, {}, { location: now < PINNED + DAY ? 'winter' : 'spring' })),

  draw('six digits', (random) => ({ code: 100_000 + upTo(random, 900_000) })),
  draw('uuid', (random) => ({ id: [8, 4, 4, 4, 12].map((length) => hex(random, length)).join('-') })),
  draw('short reference', (random) => ({ reference: hex(random, 8) })),
  draw('price', (random) => ({ price: 10 + random() })),
  draw('shuffled', (random) => ({ leaves: shuffled(random, LEAVES) })),
  draw('winner', (random) => ({ winner: `guest ${upTo(random, 100_000)}` })),
  draw('flaky', (random) => (upTo(random, 1e6) === Math.floor(FIRST_DRAW * 1e6) ? { fine: true } : reply(503, { error: 'busy' })), { ok: '"fine":true' }),
  draw('sample', (random) => ({ sample: shuffled(random, LEAVES).slice(0, 5).map((leaf) => ({ leaf, grams: upTo(random, 500) })) })),
  draw('address', (random) => ({ next: [`item-${upTo(random, 1e6)}`] }), { script: FOLLOW }),
  draw('length', (random) => ({ items: Array.from({ length: 1 + upTo(random, 4000) }, () => 1) })),

  stale('visits', (world) => ({ visits: world.count() })),
  stale('cart', (world) => ({ cart: Array.from({ length: world.count() }, () => 'oolong') })),
  stale('taken name', (world) => (world.count() === 1 ? reply(201, { name: 'ada' }) : reply(409, { error: 'taken' })), { ok: '201' }),
  stale('cache', (world) => ({ price: 12, from: world.count() === 1 ? 'shop' : 'cache' })),
  stale('number', (world) => ({ order: `order-${world.count()}` })),
  stale('unread', (world) => ({ unread: world.count() === 1 ? 3 : 0 })),
  stale('stock', (world) => ({ left: 6 - world.count() }), { ok: '"left":5' }),
  stale('one-time link', (world) => (world.count() === 1 ? { secret: 'tea' } : reply(410, { error: 'used' }))),
  stale('limit', (world) => (world.count() === 1 ? { fine: true } : reply(429, { error: 'too many' }, { 'retry-after': '60' }))),
  stale('last visitor', (world) => { const last = world.kept.get('last') ?? null; world.kept.set('last', 'ada'); return { last }; }),

  order('list', (world) => ({ leaves: world.order(LEAVES) })),
  order('keys', (world) => Object.fromEntries(world.order([['tea', 3], ['milk', 1]]))),
  order('two at once', (world, call) => ({ of: call, wait: world.order([0, LATE_MS])[call === 'x' ? 0 : 1] }), { script: BOTH, touched: ['x', 'y'] }),
  order('race', (world, call) => ({ of: call, wait: call === 'x' || call === 'y' ? world.order([0, LATE_MS])[call === 'x' ? 0 : 1] : 0 }), { script: RACE, touched: ['x', 'y'] }),
  order('lines', (world) => text(world.order(LEAVES).map((leaf) => `${leaf}\n`).join(''))),
  order('events', (world) => ({ events: world.order(['one', 'two', 'three']) }), { script: STREAM }),
  order('socket', (world) => ({ frames: world.order(['one', 'two', 'three']) }), { script: SOCKET }),
  order('second page', (world, call) => ({ items: call.endsWith('2') ? world.order([4, 5, 6]) : [1, 2, 3] }), { script: PAGES, touched: ['a?page=2'] }),
  order('numbered', (world, call) => ({ of: call, number: world.order([1, 2])[call === 'x' ? 0 : 1] }), { script: BOTH, touched: ['x', 'y'] }),
  order('to do', (world) => ({ next: world.order(['one', 'two']) }), { script: FOLLOW }),

  changed('value', { total: 10 }, { total: 11 }),
  changed('status', { fine: true }, reply(500, { error: 'broken' }), { ok: '"fine":true' }),
  changed('field gone', { id: 1, plan: 'pro' }, { id: 1 }, { ok: '"plan":"pro"' }),
  changed('field new', { id: 1 }, { id: 1, debt: 9 }),
  changed('kind of value', { n: 1 }, { n: '1' }),
  changed('content type', text('tea'), text('tea', 'text/html')),
  changed('text', text('the kettle is on\nthe tea is ready'), text('the kettle is on\nthe tea is cold')),
  changed('cut off', { fine: true }, { cutOff: true }, { ok: '"fine":true' }),
  changed('script', 'one', 'other', { from: 1, touched: ['script.js'] }),
  changed('document', 'one', 'other', { from: 1, touched: [''] }),
];
