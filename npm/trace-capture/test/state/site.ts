/** What a page of the tests keeps in its databases; one text for the page that writes it and the one that checks it. */
export const KEEP = `async () => {
  const db = await new Promise((resolve, reject) => {
    const request = indexedDB.open('shop', 3);
    request.onupgradeneeded = () => {
      const plain = request.result.createObjectStore('plain', { autoIncrement: true });
      plain.createIndex('by name', 'name', { unique: false });
      plain.createIndex('tags', 'tags', { multiEntry: true });
      request.result.createObjectStore('by path', { keyPath: 'id.inner', autoIncrement: true });
      request.result.createObjectStore('two keys', { keyPath: ['a', 'b'] });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const cycle = { name: 'cycle', list: [] };
  cycle.list.push(cycle, new Map([[cycle, new Set([cycle])]]));
  const shared = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
  const sparse = [1, , 3];
  sparse.named = true;
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt']);
  const jpeg = new Uint8Array(70000).map((_, at) => at % 251);
  const fresh = db.transaction([...db.objectStoreNames], 'readwrite');
  const store = fresh.objectStore('plain');
  store.add({ name: 'odd', tags: ['a', 'b'], values: [undefined, null, NaN, -0, Infinity, -Infinity, 12345678901234567890n, '\\ud800 alone', '\\u2028', true] });
  store.add(cycle);
  store.add({ name: 'times', at: new Date(86400000), never: new Date(NaN), like: /a[/]b/giu });
  store.add({ name: 'bytes', shared, part: new Uint16Array(shared.buffer, 2, 2), view: new DataView(shared.buffer, 1, 3), floats: new Float64Array([0.5, -0]) });
  store.add({ name: 'files', blob: new Blob([jpeg], { type: 'image/jpeg' }), file: new File(['text'], 'a.txt', { type: 'text/plain', lastModified: 5 }) });
  store.add({ name: 'boxes', boxed: [Object('s'), Object(1), Object(false), Object(7n)], error: new RangeError('far', { cause: { deep: 1 } }), sparse, dollar: { $: 'ref', v: 0 }, rect: new DOMRect(1, 2, 3, 4), image: new ImageData(new Uint8ClampedArray([1, 2, 3, 4]), 1, 1) });
  store.add({ name: 'keys', key });
  store.add({ name: 'gone' });
  fresh.objectStore('by path').add({ id: {}, what: 'generated' });
  fresh.objectStore('two keys').add({ a: 'x', b: new Date(1), what: 'compound' });
  store.delete(8);
  await new Promise((resolve, reject) => { fresh.oncomplete = resolve; fresh.onabort = () => reject(fresh.error); });
  db.close();
}`;

/** Everything in the databases of an origin as one text, told by other means than those under test. */
export const TELL = `async () => {
  const asked = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
  const tell = async (value, seen) => {
    if (typeof value === 'string') return JSON.stringify(value);
    if (typeof value !== 'object' || value === null) return typeof value + ' ' + (Object.is(value, -0) ? '-0' : String(value));
    if (seen.has(value)) return '#' + seen.get(value);
    seen.set(value, seen.size);
    const tag = Object.prototype.toString.call(value).slice(8, -1);
    const inner = [];
    const add = async (...parts) => { for (const part of parts) inner.push(await tell(part, seen)); };
    if (value instanceof Map) for (const [key, one] of value) await add(key, one);
    else if (value instanceof Set) await add(...value);
    else if (value instanceof Date) await add(value.getTime());
    else if (value instanceof RegExp) await add(value.source, value.flags);
    else if (value instanceof Blob) await add(value.type, value.name, value.lastModified === undefined || value.lastModified, [...new Uint8Array(await value.arrayBuffer())].join());
    else if (value instanceof ArrayBuffer) await add([...new Uint8Array(value)].join());
    else if (ArrayBuffer.isView(value)) await add(value.byteOffset, value.byteLength, value.buffer);
    else if (value instanceof CryptoKey) await add(value.usages, value.algorithm, JSON.stringify(await crypto.subtle.exportKey('jwk', value)));
    else if (value instanceof ImageData) await add(value.width, value.height, value.data);
    else if (value instanceof Error) await add(value.name, value.message, value.stack, value.cause);
    else if (value instanceof DOMRect) await add(value.x, value.y, value.width, value.height);
    else if (tag !== 'Object' && tag !== 'Array') await add(value.valueOf());
    if (tag === 'Array') await add(value.length);
    if (tag === 'Object' || tag === 'Array') for (const key of Object.keys(value)) await add(key, value[key]);
    return tag + '(' + inner.join(' ') + ')';
  };
  const lines = [];
  for (const { name, version } of await indexedDB.databases()) {
    const db = await asked(indexedDB.open(name));
    for (const storeName of db.objectStoreNames) {
      const store = db.transaction(storeName).objectStore(storeName);
      lines.push([name, version, storeName, JSON.stringify(store.keyPath), store.autoIncrement, [...store.indexNames].map((one) => { const { keyPath, unique, multiEntry } = store.index(one); return JSON.stringify([one, keyPath, unique, multiEntry]); })].join('|'));
      const [keys, values] = await Promise.all([asked(store.getAllKeys()), asked(store.getAll())]);
      for (const at of keys.keys()) lines.push(await tell(keys[at], new Map()) + ' = ' + await tell(values[at], new Map()));
    }
    db.close();
  }
  return lines.join('\\n');
}`;

/** Adds one record and gives the key it got. */
export const NEXT_KEY = `async () => {
  const asked = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
  const db = await asked(indexedDB.open('shop'));
  const keys = [await asked(db.transaction('plain', 'readwrite').objectStore('plain').add({ name: 'next' })), await asked(db.transaction('by path', 'readwrite').objectStore('by path').add({ id: {} }))];
  db.close();
  return keys;
}`;
