import assert from 'node:assert/strict';
import { expect } from '@playwright/test';
import type { HardPage } from '../support.js';
import { at, failed, holds, request, response } from '../support.js';
import { bytes } from './bytes.js';
import { MEGABYTE, WORDS, ZSTD_WORDS } from './server.js';
import type { Site } from './server.js';

const MANY = 150;
const LARGE = 60 * MEGABYTE;

/** Bodies of answers. */
export const BODIES: readonly HardPage<Site>[] = [
  {
    name: 'sixty megabytes',
    hazard: 'the inspector evicts what is larger than some 12 MB',
    act: async (page, site) => {
      await page.goto(site.near);
      const size = await page.evaluate(async (size) => (await (await fetch(`/bytes?size=${size}&seed=3`)).arrayBuffer()).byteLength, LARGE);
      expect(size).toBe(LARGE);
    },
    check: (trace) => holds(response(trace, '&seed=3'), bytes(LARGE, 3)),
  },
  {
    name: 'many megabytes',
    hazard: 'the oldest of 150 bodies is gone before anybody asks for it',
    act: async (page, site) => {
      await page.goto(site.near);
      await page.evaluate(async ([many, size]) => {
        const answers = await Promise.all(Array.from({ length: many }, async (_, seed) => await fetch(`/bytes?size=${size}&seed=${1000 + seed}`)));
        for (const answer of answers.reverse()) await answer.arrayBuffer();
      }, [MANY, MEGABYTE] as const);
    },
    check: (trace) => {
      for (let seed = 1000; seed < 1000 + MANY; seed += 1) holds(response(trace, `&seed=${seed}`), bytes(MEGABYTE, seed));
    },
  },
  {
    name: 'encodings',
    hazard: 'bodies are compressed on the wire and plain in the page',
    act: async (page, site) => {
      await page.goto(site.near);
      const said = await page.evaluate(async () => await Promise.all(['/gzip', '/br', '/zstd'].map(async (path) => await (await fetch(path)).text())));
      expect(said).toEqual([WORDS, WORDS, ZSTD_WORDS]);
    },
    check: (trace) => {
      for (const [path, said] of [['/gzip', WORDS], ['/br', WORDS], ['/zstd', ZSTD_WORDS]] as const) holds(response(trace, path), said);
      const { transfer_bytes } = response(trace, '/gzip');
      assert.ok(Number(transfer_bytes) > 0 && Number(transfer_bytes) < WORDS.length, `transfer_bytes ${String(transfer_bytes)}`);
    },
  },
  {
    name: 'charset',
    hazard: 'text of another charset comes back decoded, so not as the bytes it was',
    act: async (page, site) => {
      await page.goto(site.near);
      expect(await page.evaluate(async () => (await (await fetch('/latin')).arrayBuffer()).byteLength)).toBe(6);
    },
    check: (trace) => holds(response(trace, '/latin'), Buffer.from([0x63, 0x61, 0x66, 0xe9, 0x20, 0xff])),
  },
  {
    name: 'blob and data addresses',
    hazard: 'no server ever saw these bodies',
    act: async (page, site) => {
      await page.goto(site.near);
      const said = await page.evaluate(async () => [await (await fetch(URL.createObjectURL(new Blob(['from a blob'])))).text(), await (await fetch('data:text/plain,inline')).text()]);
      expect(said).toEqual(['from a blob', 'inline']);
    },
    check: (trace) => {
      const [blob, ...more] = trace.of('network.response').filter(({ url }) => String(url).startsWith('blob:'));
      assert.ok(blob && more.length === 0);
      holds(blob, 'from a blob');
      assert.deepEqual(trace.events.filter(({ url }) => String(url).startsWith('data:')), []);
    },
  },
  {
    name: 'caches',
    hazard: 'the second answer comes from a cache, or is a 304 whose body the browser has',
    act: async (page, site) => {
      await page.goto(site.near);
      const read = async (path: string): Promise<string> => await page.evaluate(async (path) => await (await fetch(path)).text(), path);
      for (const path of ['/etag', '/etag', '/fresh', '/fresh']) await read(path);
      expect([site.hits('/etag'), site.hits('/fresh')]).toEqual([2, 1]);
    },
    check: (trace) => {
      const told = (path: string): unknown[] => trace.of('network.response').filter(at(path)).map(({ status, cache }) => [status, cache]);
      assert.deepEqual(told('/etag'), [[200, undefined], [304, 'validated']]);
      assert.deepEqual(told('/fresh'), [[200, undefined], [200, 'disk']]);
      for (const event of trace.of('network.response').filter(at('/etag'))) holds(event, 'validated text');
      for (const event of trace.of('network.response').filter(at('/fresh'))) holds(event, 'kept by the cache');
    },
    byEvents: {
      why: 'a cached answer looks like any other',
      check: (trace) => {
        for (const event of trace.of('network.response').filter(at('/etag'))) holds(event, 'validated text');
        assert.equal(trace.of('network.response').filter(at('/fresh')).length, 2);
      },
    },
  },
  {
    name: 'routed',
    hazard: 'the test answers, changes or refuses a request itself',
    act: async (page, site) => {
      await page.route('**/fulfilled', async (route) => await route.fulfill({ body: 'made up', headers: { 'content-type': 'text/plain' } }));
      await page.route('**/aborted', async (route) => await route.abort());
      await page.route('**/plain?continued', async (route) => await route.continue({ headers: { ...route.request().headers(), 'x-added': 'by the test' } }));
      await page.goto(site.near);
      await page.evaluate(async () => {
        await (await fetch('/fulfilled')).text();
        await fetch('/aborted').catch(() => undefined);
        await (await fetch('/plain?continued')).text();
      });
    },
    check: (trace) => {
      holds(response(trace, '/fulfilled'), 'made up');
      const marks = trace.events.filter(({ kind }) => kind === 'network.response' || kind === 'network.failed').map(({ routed }) => routed);
      assert.deepEqual(marks.filter(Boolean).sort(), ['aborted', 'continued', 'fulfilled']);
      assert.equal(response(trace, '/plain?continued')['routed'], 'continued');
      const { headers } = request(trace, '/plain?continued') as unknown as { headers: readonly (readonly string[])[] };
      assert.ok(headers.some(([name, value]) => name === 'x-added' && value === 'by the test'));
    },
    byEvents: {
      why: 'headers that a route adds are not told',
      check: (trace) => {
        holds(response(trace, '/fulfilled'), 'made up');
        assert.deepEqual([response(trace, '/fulfilled')['routed'], failed(trace, '/aborted')['routed'], response(trace, '/plain?continued')['routed']], ['fulfilled', 'aborted', 'continued']);
      },
    },
  },
];
