import assert from 'node:assert/strict';
import { expect } from '@playwright/test';
import type { Event, Trace } from '../../capture/suite.js';
import type { HardPage } from '../support.js';
import { at, content, failed, holds, only, outline, request, response } from '../support.js';
import { bytes } from './bytes.js';
import { WORDS } from './server.js';
import type { Site } from './server.js';

const saved = (trace: Trace): Event => only(trace, 'scenario.event', ({ name }) => name === 'download.saved', 'file');

/** Windows that close at once, by number: of a few, some are always gone too soon. */
const CLOSING = [1, 2, 3, 4, 5, 6];

/** Documents that come, go and open others. */
export const DOCUMENTS: readonly HardPage<Site>[] = [
  {
    name: 'frame in another process',
    hazard: 'its requests are told to a target of their own',
    act: async (page, site) => {
      await page.goto(`${site.near}/frame`);
      await expect(page.frameLocator('iframe').locator('body')).toContainText('fetched');
    },
    check: (trace) => {
      const [outer, inner, fetched] = [request(trace, '/frame'), request(trace, '/inner'), request(trace, '?by=frame')];
      assert.deepEqual([outer['frame'], inner['frame'], fetched['frame']], ['p1f1', 'p1f2', 'p1f2']);
      assert.ok([outer, inner, fetched].every(({ page }) => page === 'p1'));
      holds(response(trace, '?by=frame'), 'plain ?by=frame');
      assert.match(content(response(trace, '/inner'))?.text ?? '', /inner/);
    },
  },
  {
    name: 'popups',
    hazard: 'the first document is asked for before anybody has heard of the page',
    act: async (page, site) => {
      await page.goto(site.near);
      for (const features of ['', 'noopener']) {
        const opened = page.context().waitForEvent('page');
        await page.evaluate((features) => void window.open('/popup', '_blank', features), features);
        await expect((await opened).locator('body')).toContainText('fetched');
      }
    },
    check: (trace) => {
      assert.deepEqual(trace.of('network.request').filter(at('/popup')).map(({ page, frame }) => [page, frame]), [['p2', 'p2f1'], ['p3', 'p3f1']]);
      const answers = trace.of('network.response').filter((event) => at('/popup')(event) || at('?by=popup')(event));
      assert.equal(answers.length, 4);
      for (const event of answers) assert.match(content(event)?.text ?? String(event['body_missing']), /Popup|plain \?by=popup/);
    },
    byEvents: {
      why: 'the first document has no frame yet',
      check: (trace) => {
        for (const end of ['/popup', '?by=popup']) assert.equal(trace.of('network.response').filter(at(end)).length, 2);
      },
    },
  },
  {
    name: 'windows that close',
    hazard: 'each takes its sessions along when it has read its answer, before the question for the body has reached it',
    act: async (page, site) => {
      await page.goto(site.near);
      for (const n of CLOSING) {
        const opened = page.waitForEvent('popup');
        await page.evaluate(() => void window.open('/next'));
        const popup = await opened;
        await expect(popup).toHaveTitle('Next');
        const closed = popup.waitForEvent('close');
        await popup.evaluate((n) => {
          setTimeout(async () => {
            // Only its status is looked at: it counts as given up, or as nothing at all.
            await fetch(`/plain?unread=${n}`);
            await (await fetch(`/plain?closing=${n}`)).text();
            close();
          });
        }, n);
        await closed;
      }
    },
    check: (trace) => {
      for (const n of CLOSING) for (const name of ['unread', 'closing']) holds(response(trace, `?${name}=${n}`), `plain ?${name}=${n}`);
    },
    byEvents: {
      why: 'the body went with its window',
      check: (trace) => {
        for (const n of CLOSING) assert.equal(trace.of('network.request').filter(at(`?closing=${n}`)).length, 1, outline(trace));
      },
    },
  },
  {
    name: 'status only',
    hazard: 'the body stays unread in the browser, which never calls it finished',
    act: async (page, site) => {
      await page.goto(site.near);
      await page.evaluate(async () => {
        Object.assign(globalThis, { held: await fetch('/plain?unread') });
        await (await fetch('/plain?read')).text();
      });
    },
    check: (trace) => holds(response(trace, '?unread'), 'plain ?unread'),
    byEvents: { why: 'Playwright tells of it when it has finished', check: (trace) => assert.ok(request(trace, '?unread')) },
  },
  {
    name: 'left behind',
    hazard: 'a navigation takes the bodies of the old document with it, and cuts what is under way',
    act: async (page, site) => {
      await page.goto(site.near);
      await page.evaluate(async () => {
        void fetch('/never').catch(() => undefined);
        await (await fetch('/gzip?same')).text();
        // Not before this call has answered, which the new document would take with it as well.
        setTimeout(() => (location.href = '/next'), 20);
      });
      await expect(page).toHaveTitle('Next');
      await page.evaluate(async (far) => {
        await (await fetch('/gzip?cross')).text();
        setTimeout(() => (location.href = far), 20);
      }, site.far);
      await expect(page).toHaveTitle('Start');
    },
    check: (trace) => {
      holds(response(trace, '/gzip?same'), WORDS);
      holds(response(trace, '/gzip?cross'), WORDS);
      assert.ok(failed(trace, '/never')['error']);
    },
  },
  {
    name: 'farewell',
    hazard: 'sent while the document goes, answered when it is gone',
    act: async (page, site) => {
      await page.goto(site.near);
      const before = site.hits('/echo');
      await page.evaluate(() => {
        addEventListener('pagehide', () => void fetch('/echo?farewell', { method: 'POST', body: 'kept alive', keepalive: true }));
        setTimeout(() => (location.href = '/next'), 20);
      });
      await expect(page).toHaveTitle('Next');
      await expect.poll(() => site.hits('/echo')).toBe(before + 1);
    },
    check: (trace) => {
      // No session hears of it when the next document has another process; what is told of it must be true.
      const told = trace.of('network.request').filter(at('?farewell'));
      assert.ok(told.length <= 1, outline(trace));
      for (const event of told) holds(event, 'kept alive');
      assert.match(content(response(trace, '/next'))?.text ?? '', /Next/);
    },
  },
  {
    name: 'prefetch',
    hazard: 'fetched for a page to come, and then taken from the cache',
    act: async (page, site) => {
      await page.goto(`${site.near}/prefetch`);
      await expect.poll(() => site.hits('/later')).toBe(1);
      await page.locator('a').click();
      await expect(page).toHaveTitle('Later');
    },
    check: (trace) => {
      const answers = trace.of('network.response').filter(at('/later'));
      assert.equal(answers.length, 2, outline(trace));
      for (const answer of answers) holds(answer, '<!doctype html><title>Later</title>');
      assert.equal(answers[1]?.['from_cache'], true);
    },
    byEvents: { why: 'a cached answer looks like any other', check: (trace) => assert.equal(trace.of('network.response').filter(at('/later')).length, 2, outline(trace)) },
  },
  {
    name: 'download',
    hazard: 'the navigation counts as failed, and the file is gone with its context',
    act: async (page, site) => {
      await page.goto(site.near);
      const begun = page.waitForEvent('download');
      await page.evaluate(() => void setTimeout(() => (location.href = '/file'), 20));
      expect((await begun).suggestedFilename()).toBe('report.bin');
    },
    check: (trace) => {
      holds(response(trace, '/file'), bytes(20_000, 9));
      holds(saved(trace), bytes(20_000, 9), 'content');
    },
    byEvents: { why: 'the answer is told as given up; its file stands in an event of its own', check: (trace) => holds(saved(trace), bytes(20_000, 9), 'content') },
  },
];
