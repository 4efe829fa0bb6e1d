import type { Frame } from '@playwright/test';
import { quietly } from './quiet.js';
import { atMost } from '../wait.js';
import type { DomRecorderOptions, FrameHolder } from './types.js';

const LOOK_MS = 2_000;

/** What lies around a frame whose parent its own recorder cannot reach. */
export interface Surroundings {
  /** `unknown` when its place could not be looked at; such a frame is not recorded either. */
  readonly verdict: 'open' | 'private' | 'unknown';
  readonly holder?: FrameHolder;
}

interface Place {
  readonly isPrivate: boolean;
  readonly holder: FrameHolder | null;
}

/**
 * Looks at the places of frames of another origin. A parent may have blocked or masked the element that holds the
 * frame; only from here can both sides be seen. Masked counts as blocked: the frame's recorder does not know the
 * rules of its surroundings, so its recording would be in clear.
 */
export class SurroundingsFinder {
  readonly #selector: string;
  readonly #handle: string;

  constructor(options: DomRecorderOptions, handle: string) {
    this.#selector = [...(options.block ?? []), ...(options.mask_text ?? []), '.rr-block', '.rr-mask'].join(',');
    this.#handle = handle;
  }

  /** Looks at the element of the frame and of every frame around it. Bounded; never rejects. */
  async find(frame: Frame): Promise<Surroundings> {
    return (await atMost(LOOK_MS, this.#walk(frame))) ?? { verdict: 'unknown' };
  }

  async #walk(frame: Frame): Promise<Surroundings> {
    let holder: FrameHolder | null = null;
    for (let at: Frame | null = frame; at?.parentFrame(); at = at.parentFrame()) {
      const place = await this.#placeOf(at);
      if (place.isPrivate) return { verdict: 'private' };
      if (at === frame) ({ holder } = place);
    }
    return holder === null ? { verdict: 'open' } : { verdict: 'open', holder };
  }

  async #placeOf(frame: Frame): Promise<Place> {
    return await quietly(frame, async () => {
      const element = await frame.frameElement();
      try {
        return await element.evaluate(look, [this.#selector, this.#handle] as const);
      } finally {
        await element.dispose();
      }
    });
  }
}

/**
 * Runs in the parent: whether the element or a composed ancestor matches, and which node of which recording it is.
 * An unreadable selector throws, and so hides. Helpers stand inside, since the browser gets this function's text alone.
 */
function look(element: Node, [selector, handle]: readonly [string, string]): Place {
  const above = (node: Node): Node | null => {
    if (node.parentNode !== null) return node.parentNode;
    if (node.nodeType === 11) return (node as ShadowRoot).host;
    return node.nodeType === 9 ? ((node as Document).defaultView?.frameElement ?? null) : null;
  };
  let isPrivate = false;
  let top = element;
  for (let node: Node | null = element; node !== null; node = above(node)) {
    top = node;
    isPrivate ||= node.nodeType === 1 && (node as Element).matches(selector);
  }
  // The recorder lives in the outermost document that shares this origin; its node ids cover the inner ones.
  const view: unknown = (top as Document).defaultView;
  const recorder = typeof view === 'object' && view !== null ? (Reflect.get(view, handle) as { idOf(node: Node): FrameHolder | null } | undefined) : undefined;
  return { isPrivate, holder: recorder?.idOf(element) ?? null };
}
