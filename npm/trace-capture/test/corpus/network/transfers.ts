import assert from 'node:assert/strict';
import { expect } from '@playwright/test';
import type { Event } from '../../capture/suite.js';
import type { HardPage } from '../support.js';
import { at, content, failed, holds, request, response } from '../support.js';
import { bytes } from './bytes.js';
import type { Site } from './server.js';

const values = (event: Event, name: string): string[] =>
  (event as unknown as { headers: readonly (readonly [string, string])[] }).headers.filter(([key]) => key === name).map(([, value]) => value);
const names = (event: Event, name: string): string[] => values(event, name).flatMap((value) => value.split('; ')).map((pair) => pair.split('=')[0] ?? '');

/** How requests begin, lead on and fail. */
export const TRANSFERS: readonly HardPage<Site>[] = [
  {
    name: 'redirects with cookies',
    hazard: 'all hops share one id, and their raw headers come in events of their own',
    act: async (page, site) => {
      await page.goto(`${site.near}/hop/1`);
      await expect(page).toHaveTitle('Landed');
    },
    check: (trace) => {
      const hops = ['/hop/1', '/hop/2', '/landed'].map((path) => [request(trace, path), response(trace, path)] as const);
      assert.deepEqual(hops.map(([, { status }]) => status), [302, 302, 200]);
      assert.deepEqual(hops.map(([{ redirected_from }]) => redirected_from), [undefined, hops[0]?.[0]['request_id'], hops[1]?.[0]['request_id']]);
      assert.deepEqual(hops.map(([, answer]) => names(answer, 'set-cookie')), [['first', 'Path'], ['second', 'Path', 'third', 'Path'], []]);
      assert.deepEqual(hops.map(([asked]) => names(asked, 'cookie')), [[], ['first'], ['first', 'second', 'third']]);
      assert.ok(values(hops[2]?.[0] as Event, 'cookie').every((value) => value.includes('[REDACTED:cookie:')));
    },
  },
  {
    name: 'redirected posts',
    hazard: 'a 303 drops method and body, a 307 keeps both',
    act: async (page, site) => {
      await page.goto(site.near);
      const methods = await page.evaluate(async () => {
        const send = async (path: string): Promise<unknown> => ((await (await fetch(path, { method: 'POST', body: 'carried along' })).json()) as { method: unknown }).method;
        return [await send('/see-other'), await send('/keep-method')];
      });
      expect(methods).toEqual(['GET', 'POST']);
    },
    check: (trace) => {
      holds(request(trace, '/see-other'), 'carried along');
      assert.equal(request(trace, '/echo?after=303')['body'], undefined);
      holds(request(trace, '/keep-method'), 'carried along');
      holds(request(trace, '/echo?after=307'), 'carried along');
    },
  },
  {
    name: 'aborted',
    hazard: 'the page gives up while the server is silent',
    act: async (page, site) => {
      await page.goto(site.near);
      await page.evaluate(async () => {
        const control = new AbortController();
        const asked = fetch('/never', { signal: control.signal }).catch(() => undefined);
        setTimeout(() => control.abort(), 100);
        await asked;
      });
    },
    check: (trace) => assert.deepEqual([failed(trace, '/never')['error'], failed(trace, '/never')['canceled']], ['net::ERR_ABORTED', true]),
  },
  {
    name: 'nobody there',
    hazard: 'no connection, no name, no answer',
    act: async (page, site) => {
      await page.goto(site.near);
      await page.evaluate(async () => {
        await fetch('http://127.0.0.1:9/refused').catch(() => undefined);
        await fetch('http://nowhere.invalid/unknown').catch(() => undefined);
      });
    },
    check: (trace) => {
      assert.match(String(failed(trace, '/refused')['error']), /^net::ERR_(CONNECTION_REFUSED|UNSAFE_PORT)$/);
      assert.match(String(failed(trace, '/unknown')['error']), /^net::ERR_/);
    },
  },
  {
    name: 'preflight',
    hazard: 'the browser asks for permission before the request it belongs to',
    act: async (page, site) => {
      await page.goto(site.near);
      expect(await page.evaluate(async (far) => await (await fetch(`${far}/cors`, { method: 'PUT', headers: { 'x-extra': '1' } })).text(), site.far)).toBe('across origins');
      await page.evaluate(async (far) => await fetch(`${far}/closed`).catch(() => undefined), site.far);
    },
    check: (trace) => {
      const asked = trace.of('network.request').filter(at('/cors'));
      const put = asked.find(({ method }) => method === 'PUT');
      const preflight = asked.find(({ method }) => method === 'OPTIONS');
      assert.equal(asked.length, 2);
      assert.deepEqual([preflight?.['resource_type'], preflight?.['preflight_for']], ['preflight', put?.['request_id']]);
      const answer = trace.of('network.response').find(({ request_id }) => request_id === put?.['request_id']);
      assert.ok(answer);
      holds(answer, 'across origins');
      assert.equal(failed(trace, '/closed')['reason'], 'MissingAllowOriginHeader');
    },
    byEvents: { why: 'Playwright shows the request alone', check: (trace) => assert.deepEqual([request(trace, '/cors')['method'], Boolean(failed(trace, '/closed')['error'])], ['PUT', true]) },
  },
  {
    name: 'signed in',
    hazard: 'a name and a password are sent after the server asked for them',
    act: async (page, site) => {
      const context = await page.context().browser()?.newContext({ httpCredentials: { username: 'ada', password: 'not-a-real-secret' } });
      const inside = await context?.newPage();
      await inside?.goto(`${site.near}/secret`);
      expect(await inside?.title()).toBe('Let in');
      await context?.close();
    },
    check: (trace) => {
      assert.equal(response(trace, '/secret')['status'], 200);
      assert.ok(!JSON.stringify(trace.events).includes(Buffer.from('ada:not-a-real-secret').toString('base64')));
    },
  },
  {
    name: 'api requests',
    hazard: 'they pass no browser, and their forms are put together and redirects followed out of sight',
    act: async (page, site) => {
      const api = page.context().request;
      expect((await api.get(`${site.near}/hop/1`)).status()).toBe(200);
      const multipart = { note: 'a field', file: { name: 'made.bin', mimeType: 'application/octet-stream', buffer: bytes(5_000, 4) } };
      expect(await (await api.post(`${site.near}/echo?multipart`, { multipart })).json()).toMatchObject({ method: 'POST' });
      expect((await api.post(`${site.near}/keep-method`, { data: 'carried along', maxRedirects: 0 })).status()).toBe(307);
      await expect(api.get('http://127.0.0.1:9/refused')).rejects.toThrow();
      await expect(api.get(`${site.near}/hop/1`, { maxRedirects: 1 })).rejects.toThrow('Max redirect');
    },
    check: (trace) => {
      const [first, second, landed] = ['/hop/1', '/hop/2', '/landed'].map((path) => trace.of('network.request').find(at(path)));
      assert.deepEqual([second?.['redirected_from'], landed?.['redirected_from']], [first?.['request_id'], second?.['request_id']]);
      assert.deepEqual(names(landed as Event, 'cookie'), ['first', 'second', 'third']);
      assert.match(content(response(trace, '/landed'))?.text ?? '', /Landed/);
      const got = JSON.parse(content(response(trace, '/echo?multipart'))?.text ?? '{}') as { size?: number; digest?: string };
      const sent = content(request(trace, '/echo?multipart'));
      assert.deepEqual([sent?.size, sent?.blob], [got.size, got.digest]);
      assert.equal(response(trace, '/keep-method')['status'], 307);
      assert.match(String(failed(trace, '/refused')['error']), /ECONNREFUSED/);
      assert.match(String(failed(trace, '/hop/2')['error']), /Max redirect count exceeded/);
    },
  },
];
