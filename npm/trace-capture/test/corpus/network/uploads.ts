import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { expect } from '@playwright/test';
import type { Page, TestInfo } from '@playwright/test';
import type { Event, Trace } from '../../capture/suite.js';
import type { HardPage } from '../support.js';
import { content, holds, request, response } from '../support.js';
import { bytes } from './bytes.js';
import { MEGABYTE } from './server.js';
import type { Site } from './server.js';

const ALL = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
const FILE = 300_000;

/** What was recorded of an upload is what the server got, byte for byte. */
function arrived(trace: Trace, end: string): Event {
  const sent = request(trace, end);
  const { size, digest } = JSON.parse(content(response(trace, end))?.text ?? '{}') as { size: number; digest: string };
  assert.equal(content(sent)?.size, size, JSON.stringify(sent).slice(0, 500));
  if (content(sent)?.blob) assert.equal(content(sent)?.blob, digest);
  return sent;
}

async function upload(page: Page, site: Site, testInfo: TestInfo, script: string, files: readonly string[]): Promise<void> {
  await page.goto(site.near);
  await page.setContent('<input type="file" multiple>');
  for (const [index, name] of files.entries()) writeFileSync(testInfo.outputPath(name), bytes(FILE, 20 + index));
  await page.locator('input').setInputFiles(files.map((name) => testInfo.outputPath(name)));
  expect(await page.evaluate(script)).toMatchObject({ method: 'POST' });
}

/** Bodies of requests. */
export const UPLOADS: readonly HardPage<Site>[] = [
  {
    name: 'blob upload',
    hazard: 'a body that is not text stays out of the request event',
    act: async (page, site) => {
      await page.goto(site.near);
      await page.evaluate(async (values) => {
        const data = new Uint8Array(values);
        await (await fetch('/echo?blob', { method: 'POST', body: new Blob([data]) })).text();
        await (await fetch('/echo?array', { method: 'POST', body: data })).text();
      }, [...ALL]);
    },
    check: (trace) => {
      holds(request(trace, '/echo?blob'), ALL);
      holds(request(trace, '/echo?array'), ALL);
    },
    byEvents: {
      why: 'blobs are not handed out',
      check: (trace) => {
        assert.ok(request(trace, '/echo?blob')['body_missing']);
        holds(request(trace, '/echo?array'), ALL);
      },
    },
  },
  {
    name: 'form upload',
    hazard: 'a multipart body with a file made in the page',
    act: async (page, site) => {
      await page.goto(site.near);
      await page.evaluate(async () => {
        const form = new FormData();
        form.append('note', 'a field');
        form.append('file', new File(['x'.repeat(9_000)], 'made.txt'));
        await (await fetch('/echo?form', { method: 'POST', body: form })).text();
        await (await fetch('/echo?pairs', { method: 'POST', body: new URLSearchParams({ note: 'two words' }) })).text();
      });
    },
    check: (trace) => {
      arrived(trace, '/echo?form');
      holds(request(trace, '/echo?pairs'), 'note=two+words');
    },
    byEvents: {
      why: 'forms with files are not handed out',
      check: (trace) => {
        assert.ok(request(trace, '/echo?form')['body_missing']);
        holds(request(trace, '/echo?pairs'), 'note=two+words');
      },
    },
  },
  {
    name: 'files by path',
    hazard: 'Chromium reads chosen files itself and hands out the form without their bytes',
    act: async (page, site, testInfo) => {
      const script = `(async () => {
        const form = new FormData();
        form.append('note', 'before');
        for (const file of document.querySelector('input').files) form.append('file', file);
        return await (await fetch('/echo?chosen', { method: 'POST', body: form })).json();
      })()`;
      await upload(page, site, testInfo, script, ['one.bin', 'two.bin']);
    },
    check: (trace) => void arrived(trace, '/echo?chosen'),
    byEvents: { why: 'the form around the files is not handed out', check: (trace) => assert.ok(request(trace, '/echo?chosen')['body_missing']) },
  },
  {
    name: 'file as body',
    hazard: 'a chosen file is the whole body, so nothing names it',
    act: async (page, site, testInfo) => {
      await upload(page, site, testInfo, "fetch('/echo?raw', { method: 'POST', body: document.querySelector('input').files[0] }).then((answer) => answer.json())", ['raw.bin']);
    },
    check: (trace) => holds(request(trace, '/echo?raw'), bytes(FILE, 20)),
  },
  {
    name: 'long text upload',
    hazard: 'request events carry only short bodies',
    act: async (page, site) => {
      await page.goto(site.near);
      await page.evaluate(async (size) => await (await fetch('/echo?long', { method: 'POST', body: 'long '.repeat(size / 5) })).text(), 3_000_000);
    },
    check: (trace) => {
      assert.ok(3_000_000 < 3 * MEGABYTE);
      holds(request(trace, '/echo?long'), 'long '.repeat(600_000));
    },
  },
  {
    name: 'beacon',
    hazard: 'nobody waits for its answer',
    act: async (page, site) => {
      await page.goto(site.near);
      expect(await page.evaluate(() => navigator.sendBeacon('/echo?beacon', 'seen by a beacon'))).toBe(true);
      await expect.poll(() => site.hits('/echo')).toBeGreaterThan(0);
    },
    check: (trace) => {
      const sent = request(trace, '/echo?beacon');
      assert.deepEqual([sent['method'], sent['resource_type']], ['POST', 'ping']);
      holds(sent, 'seen by a beacon');
    },
  },
];
