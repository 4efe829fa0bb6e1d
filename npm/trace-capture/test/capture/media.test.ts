import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, mock, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser } from '@playwright/test';
import { Film } from '../../dist/media/film.js';
import type { Frame } from '../../dist/media/screencast.js';
import { ScreencastSource } from '../../dist/media/screencast.js';
import type { Cdp } from '../../dist/network/cdp-session.js';
import { launch } from '../dom/browser.js';

interface Jpeg {
  decode(data: Buffer): { readonly data: Buffer };
  encode(image: { data: Buffer; width: number; height: number }, quality: number): { readonly data: Buffer };
}

const { jpegjs } = createRequire(import.meta.url)('playwright-core/lib/utilsBundle') as { jpegjs: Jpeg };
const FFMPEG = ['/usr/bin/ffmpeg', '/usr/local/bin/ffmpeg'].find((path) => existsSync(path));
const PATIENCE_MS = 30_000;

describe('the frames of a page', () => {
  let browser: Browser;
  before(async () => (browser = await launch()));
  after(async () => await browser.close());

  test('after a burst of changes the newest frame shows the last of them', async () => {
    const page = await browser.newPage();
    await page.setContent('<body style="background: rgb(0, 0, 0)">');
    const session = await page.context().newCDPSession(page);
    const source = new ScreencastSource({ send: async (method: string, params?: object) => await session.send(method as 'Page.enable', params as never) } as unknown as Cdp, () => undefined);
    session.on('Page.screencastFrame', (event) => source.event('Page.screencastFrame', event));
    source.enable();
    await until(() => source.latest !== undefined);
    for (const [red, green] of [[200, 0], [0, 200], [200, 200]] as const) {
      await page.evaluate(async ([r, g]) => {
        for (let i = 0; i < 12; i++) {
          document.body.style.background = `rgb(0, 0, ${i * 20})`;
          await new Promise(requestAnimationFrame);
        }
        document.body.style.background = `rgb(${r}, ${g}, 0)`;
      }, [red, green] as const);
      await until(() => {
        const [r = 0, g = 0, b = 0] = jpegjs.decode(source.latest?.data ?? Buffer.alloc(0)).data;
        return Math.abs(r - red) < 20 && Math.abs(g - green) < 20 && b < 20;
      });
    }
    await page.close();
  });
});

test('a look that shows nothing is begun anew, until its page is gone', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const sent: string[] = [];
    const source = new ScreencastSource({ send: async (method: string) => void sent.push(method) } as unknown as Cdp, () => undefined);
    source.enable();
    mock.timers.tick(1_000);
    assert.deepEqual(sent.splice(0), ['Page.enable', 'Page.startScreencast', 'Page.stopScreencast', 'Page.startScreencast']);
    const shows = (): void => source.event('Page.screencastFrame', { data: 'AAAA', sessionId: 1, metadata: {} });
    shows();
    mock.timers.tick(200);
    shows();
    mock.timers.tick(10_000);
    assert.deepEqual(sent.splice(0), ['Page.stopScreencast', 'Page.startScreencast', 'Page.screencastFrameAck'], 'a page at rest is left alone');
    source.event('Page.loadEventFired', {});
    source.end();
    mock.timers.tick(10_000);
    assert.deepEqual(sent, ['Page.stopScreencast', 'Page.startScreencast']);
  } finally {
    mock.timers.reset();
  }
});

describe('a film', { skip: !FFMPEG }, () => {
  test('holds each frame at its time and lasts until its end', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'molar-film-'));
    try {
      const file = join(dir, 'film.webm');
      const film = Film.begin(FFMPEG ?? '', file, grey(1_000, 10));
      assert.ok(film);
      film.add(grey(1_500, 120));
      film.add({ ...grey(1_600, 120), number: 3 });
      film.add(grey(2_200, 240));
      assert.equal(await film.end(3_000, PATIENCE_MS), true);
      const seen = execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', file], { encoding: 'utf8' });
      // The frame that repeats what is shown already is left out; the last one is shown once more where the film ends.
      assert.deepEqual(seen.match(/\d+\.\d+/g)?.map(Number), [0, 0.5, 1.2, 2]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test('of odd sides, and of pages that change theirs, is whole', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'molar-film-'));
    try {
      const file = join(dir, 'film.webm');
      const film = Film.begin(FFMPEG ?? '', file, grey(1_000, 10, [63, 47]));
      film?.add(grey(1_500, 120, [128, 72]));
      film?.add(grey(2_000, 200, [31, 101]));
      assert.equal(await film?.end(2_500, PATIENCE_MS), true);
      const seen = execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', file], { encoding: 'utf8' });
      assert.deepEqual(seen.match(/\d+\.\d+/g)?.map(Number), [0, 0.5, 1, 1.5]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test('a missing encoder is told and thrown at nobody', async () => {
    const film = Film.begin('/nowhere/ffmpeg', join(tmpdir(), 'never.webm'), grey(0, 0));
    film?.add(grey(10, 50));
    assert.equal((await film?.end(20, PATIENCE_MS)) ?? false, false);
  });
});

function grey(atMs: number, level: number, [width, height]: readonly [number, number] = [64, 48]): Frame {
  return { data: jpegjs.encode({ data: Buffer.alloc(width * height * 4, level), width, height }, 80).data, width, height, atMs, number: level };
}

async function until(reached: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!reached()) {
    assert.ok(Date.now() < deadline, 'it never came to that');
    await pause(50);
  }
}
