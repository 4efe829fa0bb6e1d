import type { MaskRules } from './mask/rules.js';
import type { Natives } from './natives.js';
import type { CoverReport, CoveredBox } from './wire.js';

/** Around each box, for what is painted outside of it: outlines, shadows, descenders. */
const MARGIN_PX = 4;
/** More boxes than this are one box around all. */
const MAX_BOXES = 200;
const FIELDS: ReadonlySet<string> = new Set(['INPUT', 'TEXTAREA', 'SELECT']);

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Finds where, in this document and the frames of its origin, the screen shows what the recording masks or leaves out. */
export class Covers {
  readonly #rules: MaskRules;
  readonly #natives: Natives;
  readonly #selector: string;
  readonly #numbers = new WeakMap<Element, number>();
  #last = 0;

  constructor(rules: MaskRules, natives: Natives, block: string) {
    this.#rules = rules;
    this.#natives = natives;
    this.#selector = [block, rules.textSelector].filter((part) => part !== '').join(',');
  }

  report(): CoverReport {
    const boxes: CoveredBox[] = [];
    const foreign: CoveredBox[] = [];
    this.#visit(document, { x: 0, y: 0 }, boxes, foreign);
    return { boxes: boxes.length > MAX_BOXES ? [around(boxes)] : boxes, foreign };
  }

  /** Parents come before their children, so what lies inside something covered is passed over. */
  #visit(root: Document | ShadowRoot, origin: Point, boxes: CoveredBox[], foreign: CoveredBox[]): void {
    const marked = new Set(this.#selector === '' ? [] : root.querySelectorAll(this.#selector));
    const inside = new Set<Element>();
    for (const element of root.querySelectorAll('*')) {
      const { parentElement } = element;
      const isInside = parentElement !== null && inside.has(parentElement);
      if (isInside || marked.has(element) || this.#rules.hasMasked(element) || this.#isCoveredField(element)) {
        inside.add(element);
        if (!isInside) this.#add(element, origin, boxes);
        continue;
      }
      const shadow = this.#natives.shadowRoot(element);
      if (shadow !== null) this.#visit(shadow, origin, boxes, foreign);
      if (element.tagName === 'IFRAME' || element.tagName === 'FRAME') this.#frame(element as HTMLIFrameElement, origin, boxes, foreign);
    }
  }

  #frame(frame: HTMLIFrameElement, origin: Point, boxes: CoveredBox[], foreign: CoveredBox[]): void {
    const inner = frame.contentDocument;
    if (inner === null) {
      this.#add(frame, origin, foreign);
      return;
    }
    const { left, top } = frame.getBoundingClientRect();
    this.#visit(inner, { x: origin.x + left + frame.clientLeft, y: origin.y + top + frame.clientTop }, boxes, foreign);
  }

  #isCoveredField(element: Element): boolean {
    if (!FIELDS.has(element.tagName) || this.#rules.field(element) === 'clear') return false;
    // The browser itself shows dots.
    return this.#natives.attribute(element, 'type') !== 'password' && (element as HTMLInputElement).value !== '';
  }

  #add(element: Element, origin: Point, boxes: CoveredBox[]): void {
    const range = document.createRange();
    range.selectNodeContents(element);
    // What overflows an element is part of its contents' box only, and an element without a box may have contents with one.
    const rects = [element.getBoundingClientRect(), range.getBoundingClientRect()].filter(({ width, height }) => width > 0 && height > 0);
    if (rects.length === 0) return;
    const view = viewport();
    const left = Math.min(...rects.map((rect) => rect.left)) + origin.x - MARGIN_PX - view.x;
    const top = Math.min(...rects.map((rect) => rect.top)) + origin.y - MARGIN_PX - view.y;
    const right = Math.max(...rects.map((rect) => rect.right)) + origin.x + MARGIN_PX - view.x;
    const bottom = Math.max(...rects.map((rect) => rect.bottom)) + origin.y + MARGIN_PX - view.y;
    boxes.push([this.#numberOf(element), left / view.width, top / view.height, right / view.width, bottom / view.height]);
  }

  #numberOf(element: Element): number {
    const known = this.#numbers.get(element);
    if (known !== undefined) return known;
    this.#last += 1;
    this.#numbers.set(element, this.#last);
    return this.#last;
  }
}

function around(boxes: readonly CoveredBox[]): CoveredBox {
  const low = (at: 1 | 2): number => Math.min(...boxes.map((box) => box[at]));
  const high = (at: 3 | 4): number => Math.max(...boxes.map((box) => box[at]));
  return [0, low(1), low(2), high(3), high(4)];
}

/** What a picture of the page shows, in the coordinates of its layout. */
function viewport(): { readonly x: number; readonly y: number; readonly width: number; readonly height: number } {
  const { visualViewport: visual } = window;
  const plain = { x: 0, y: 0, width: Math.max(1, window.innerWidth), height: Math.max(1, window.innerHeight) };
  if (visual === null || visual.scale === 1) return plain;
  return { x: visual.offsetLeft, y: visual.offsetTop, width: Math.max(1, visual.width), height: Math.max(1, visual.height) };
}
