import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from '@playwright/test';
import { launch } from './browser.js';
import { mainFrameId, Recording } from './recording.js';
import { Judge } from './replay.js';

const SEQUENCES = 24;
const ROUNDS = 12;
const OPS_PER_MICROTASK = 15;

let browser: Browser;
let judge: Judge;
let recording: Recording;
let page: Page;

before(async () => {
  browser = await launch();
  judge = await Judge.start(browser);
  recording = await Recording.start(browser, { restarts_per_second: 1000 });
  page = await recording.context.newPage();
});

after(async () => {
  await browser.close();
});

/** Random changes of every kind, several in one microtask, reproducible by their seed. */
async function mutate(on: Page, seed: number): Promise<void> {
  await on.evaluate(
    async ([start, rounds, ops]) => {
      let state = start;
      const random = (below: number): number => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
      };
      const list = document.querySelector('#list') as HTMLElement;
      const pick = (): HTMLElement => list.querySelectorAll('li')[random(list.querySelectorAll('li').length)] ?? list;
      const fresh = (): HTMLElement => {
        const item = document.createElement('li');
        item.innerHTML = `<i>${random(1000)}</i>new`;
        return item;
      };
      const deeds: readonly (() => void)[] = [
        () => (pick().lastChild as Text | null)?.nodeType === 3 && ((pick().lastChild ?? pick()).textContent = String(random(1000))),
        () => (pick().className = `c${random(9)}`),
        () => list.insertBefore(pick(), list.firstChild),
        () => list.insertBefore(fresh(), list.children[random(list.children.length)] ?? null),
        () => { const [a, b] = [pick(), pick()]; if (!a.contains(b)) b.append(a); },
        () => list.children.length > 20 && pick() !== list && pick().remove(),
      ];
      for (let round = 0; round < rounds; round += 1) {
        for (let op = 0; op < ops; op += 1) deeds[random(deeds.length)]?.();
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    },
    [seed, ROUNDS, OPS_PER_MICROTASK] as const,
  );
}

async function check(seed: number): Promise<void> {
  await page.setContent(`<ul id=list>${Array.from({ length: 60 }, (_, at) => `<li>item ${at}</li>`).join('')}</ul>`);
  await mutate(page, seed);
  await recording.flush();
  const events = recording.events(page);
  assert.ok(events.length > ROUNDS, 'every round was recorded');
  const replayed = await judge.replay(events);
  assert.equal(replayed.text, await judge.live(page), `seed ${seed}`);
  const live = await recording.recorder.digest(page);
  assert.equal(replayed.digest, live.get(mainFrameId(page))?.digest, 'both have one digest');
  assert.deepEqual(recording.noise, []);
}

for (let seed = 1; seed <= SEQUENCES; seed += 1) test(`rebuilds random changes of seed ${seed}`, () => check(seed));
