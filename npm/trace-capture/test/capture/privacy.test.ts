import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser } from '@playwright/test';
import { areasAt } from '../../dist/media/covers.js';
import { redactionRules } from '../../dist/redaction.js';
import { settings } from '../../dist/options/index.js';
import { launch } from '../dom/browser.js';
import type { Event, SuiteRun, Trace } from './suite.js';
import { PATIENT, canRecord, contentOf, runSuite } from './suite.js';

const HERE = dirname(fileURLToPath(import.meta.url));
const BENCH = join(HERE, '..', '..', 'bench', 'secrets.mjs');

/** What must be true of the trace of a page that hides something. */
const CLAIMS: readonly { readonly claim: string; readonly check: (trace: Trace, lines: string) => void }[] = [
  { claim: 'what was typed into a secret field goes from where the page repeats it', check: (_, lines) => assert.ok(lines.includes('the field holds') && !lines.includes('typed-later-0815')) },
  { claim: 'what a secret field held before goes too', check: (_, lines) => assert.ok(!lines.includes('typed-before-4711')) },
  { claim: 'there is no video, and the record says why', check: (trace) => assert.deepEqual([trace.of('video').length, noticesOf(trace, 'video.masked').length], [0, 1]) },
  { claim: 'pictures say what is covered', check: (trace) => assert.ok(trace.of('screenshot').some(({ covered }) => Array.isArray(covered) && covered.length >= 5)) },
];

function noticesOf(trace: Trace, code: string): readonly Event[] {
  return trace.of('capture.notice').filter((event) => event['code'] === code);
}

function pictureOf(trace: Trace, event: Event): { readonly type: string; readonly data: string } {
  const { blob = '', base64 } = contentOf(event, 'image') ?? {};
  const { media_type: type } = event['image'] as { media_type: string };
  const [, hex = ''] = blob.split(':');
  const store = trace.dir.slice(0, trace.dir.indexOf(join('traces', 'runs')));
  return { type, data: base64 ?? readFileSync(join(store, 'blobs', 'sha256', hex.slice(0, 2), hex.slice(2))).toString('base64') };
}

/** How many pixels of a picture are red and how many are green; a real browser decodes it. */
async function colours(browser: Browser, { type, data }: { readonly type: string; readonly data: string }): Promise<{ red: number; green: number }> {
  const page = await browser.newPage();
  const counted = await page.evaluate(async (url) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    context?.drawImage(image, 0, 0);
    const pixels = context?.getImageData(0, 0, image.width, image.height).data ?? [];
    let [red, green] = [0, 0];
    for (let at = 0; at + 2 < pixels.length; at += 4) {
      const [r = 0, g = 0, b = 0] = [pixels[at], pixels[at + 1], pixels[at + 2]];
      if (r > 160 && g < 90 && b < 90) red += 1;
      if (g > 140 && r < 90 && b < 90) green += 1;
    }
    return { red, green };
  }, `data:${type};base64,${data}`);
  await page.close();
  return counted;
}

describe('what a page hides', { skip: !canRecord() }, () => {
  let run: SuiteRun;
  let trace: Trace;
  before(async () => {
    run = await runSuite('masks', PATIENT);
    trace = run.trace('hides');
  });

  for (const { claim, check } of CLAIMS) test(claim, () => check(trace, JSON.stringify(trace.events)));

  test('no picture shows it', async () => {
    const pictures = trace.of('screenshot');
    const browser = await launch();
    try {
      const seen = await Promise.all(pictures.map(async (event) => await colours(browser, pictureOf(trace, event))));
      assert.ok(seen.some(({ green }) => green > 1_000), `no picture shows the page: ${JSON.stringify(seen)}\n${run.output}`);
      assert.ok(pictures.some(({ reason }) => reason === 'failure'));
      // Where a JPEG's painted area meets a colour a few pixels mix.
      for (const [at, { red }] of seen.entries()) assert.ok(red < 50, `picture ${at} (${String(pictures[at]?.['reason'])}) shows ${red} red pixels`);
    } finally {
      await browser.close();
    }
  });
});

describe('planted secrets', { skip: !canRecord() }, () => {
  test('none is in the store, and all are without redaction', () => {
    const ran = spawnSync(process.execPath, [BENCH, '--count', '40', '--control-count', '20', '--zip', 'off', '--seed', 'test', '--show'], { encoding: 'utf8', timeout: 1_800_000 });
    const last = ran.stdout.trim().split('\n').at(-1) ?? '';
    assert.match(last, /^\{/, ran.stderr);
    const { figures } = JSON.parse(last) as { figures: readonly { value: number }[] };
    assert.deepEqual(figures.map(({ value }) => value), [0, 1], ran.stderr);
  });
});

describe('the areas of a picture', () => {
  const look = (atMs: number, left: number): Parameters<typeof areasAt>[0][number] => ({ atMs, boxes: [[1, left, 0.5, left + 0.1, 0.6]] });
  for (const [claim, looks, paintedMs, want] of [
    ['a look behind the picture is enough when there is none before', [look(20, 0.2)], 10, [[0.2, 0.5, 0.1, 0.1]]],
    ['what moved is covered on its way', [look(5, 0.2), look(20, 0.6)], 10, [[0.2, 0.5, 0.5, 0.1]]],
    ['an older look does not count', [look(1, 0), look(5, 0.2), look(20, 0.2)], 10, [[0.2, 0.5, 0.1, 0.1]]],
    ['what lies outside is cut', [look(5, -0.05)], 10, [[0, 0.5, 0.05, 0.1]]],
    ['what lies beyond is nothing', [look(5, 2)], 10, []],
  ] as const) {
    test(claim, () => assert.deepEqual(areasAt(looks, paintedMs), want));
  }
});

test('values that this process knows to be secret reach the rules, and names do not', () => {
  const env = { SHOP_SECRET: 'abc123def456', SECRET_DIR: '/run/secrets', TOKEN_COUNT: '12345678', PLAN: 'plan-2024-x', NODE_AUTH_TOKEN: 'short', EMPTY_SECRET: '' };
  const chosen = { ...settings({ use: { redaction: { env: ['PLAN'], values: ['told-by-hand'], headers: ['x-house'] } } }), key: 'molar_sk_made-up' };
  const rules = JSON.parse(redactionRules(chosen, env)) as { values: string[]; typed: boolean; headers: string[]; env?: unknown };
  assert.deepEqual(rules.values.sort(), ['abc123def456', 'molar_sk_made-up', 'plan-2024-x', 'told-by-hand']);
  assert.deepEqual([rules.typed, rules.headers, rules.env], [false, ['x-house'], undefined]);
});
