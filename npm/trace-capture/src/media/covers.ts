import type { Page } from '@playwright/test';
import { DomChannel } from '../dom-channel.js';
import type { CoveredBox } from '../injected/wire.js';
import type { Settings } from '../options/index.js';

/** An area of a picture as parts of its width and height: left, top, width, height. */
export type Area = readonly [number, number, number, number];

/** What is known about the masked areas at one moment. */
interface Look {
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly boxes: readonly CoveredBox[];
}

const ANSWER_MS = 300;
/** Looks that are kept. Nobody knows what a picture shows that is older than all of them. */
const KEPT = 64;
/** A picture's time is that of its swap; what it shows the page drew before, on a busy machine long before. */
const DRAWN_BEFORE_MS = 1_000;

/** Whether the options ask to hide something beyond what every recording hides. */
export function hasMasks({ mask_inputs, mask_text, block, dom }: Pick<Settings, 'mask_inputs' | 'mask_text' | 'block' | 'dom'>): boolean {
  const own = typeof dom === 'object' ? dom : {};
  const lists = [mask_text, block, own.mask_text ?? [], own.block ?? []];
  return lists.some((list) => list.length > 0) || (own.mask_inputs ?? mask_inputs) !== 'sensitive';
}

/**
 * The areas of one page's pictures that have to be painted over. A picture lies between two looks at the page; what moved
 * meanwhile is covered on its whole way.
 */
export class CoverFinder {
  readonly #page: Page;
  #looks: readonly Look[] = [];
  #forgot = false;

  constructor(page: Page) {
    this.#page = page;
  }

  /** The areas for a picture painted at `paintedMs`; `undefined` when the page did not tell. */
  async areas(paintedMs: number): Promise<readonly Area[] | undefined> {
    const boxes = await DomChannel.covers(this.#page, ANSWER_MS);
    if (boxes === undefined) return undefined;
    this.#forgot ||= this.#looks.length >= KEPT;
    this.#looks = [...this.#looks, { atMs: Date.now(), boxes }].slice(-KEPT);
    const drawnMs = paintedMs - DRAWN_BEFORE_MS;
    return this.#forgot && drawnMs < (this.#looks[0]?.atMs ?? 0) ? undefined : areasAt(this.#looks, drawnMs);
  }

  /** Whether a look found something to cover, so that a page that does not answer is no reason to believe in none. */
  get hasFound(): boolean {
    return this.#looks.some(({ boxes }) => boxes.length > 0);
  }
}

/** The hull of each element's boxes from the last look before the picture on. */
export function areasAt(looks: readonly Look[], paintedMs: number): readonly Area[] {
  const before = looks.filter(({ atMs }) => atMs <= paintedMs).length;
  const hulls = new Map<number, CoveredBox>();
  for (const { boxes } of looks.slice(Math.max(0, before - 1))) {
    for (const box of boxes) hulls.set(box[0], hull(hulls.get(box[0]) ?? box, box));
  }
  return [...hulls.values()].map(clipped).filter(([, , width, height]) => width > 0 && height > 0);
}

function hull(a: CoveredBox, b: CoveredBox): CoveredBox {
  return [a[0], Math.min(a[1], b[1]), Math.min(a[2], b[2]), Math.max(a[3], b[3]), Math.max(a[4], b[4])];
}

function clipped([, left, top, right, bottom]: CoveredBox): Area {
  const part = (value: number): number => Math.min(1, Math.max(0, value));
  const round = (value: number): number => Math.round(value * 10_000) / 10_000;
  const [x, y] = [part(left), part(top)];
  return [round(x), round(y), round(part(right) - x), round(part(bottom) - y)];
}
