import type { Frame } from '@playwright/test';
import { quietly, within } from './quiet.js';
import type { DomRecorderOptions } from './types.js';

const DECISION_MS = 2_000;

/** Whether a frame of another origin may be recorded: `unknown` when its place could not be looked at. */
export type FrameVerdict = 'open' | 'private' | 'unknown';

/**
 * Decides for frames whose parent their own recorder cannot reach. A parent may have blocked or masked the element
 * that holds the frame; only from here can both sides be seen. Masked counts as blocked: the frame's recorder does
 * not know the rules of its surroundings, so its recording would be in clear.
 */
export class FramePrivacy {
  readonly #selector: string;

  constructor(options: DomRecorderOptions) {
    this.#selector = [...(options.block ?? []), ...(options.mask_text ?? []), '.rr-block', '.rr-mask'].join(',');
  }

  /** Looks at the element of the frame and of every frame around it. Bounded; never rejects. */
  async verdict(frame: Frame): Promise<FrameVerdict> {
    return (await within(DECISION_MS, this.#walk(frame))) ?? 'unknown';
  }

  async #walk(frame: Frame): Promise<FrameVerdict> {
    for (let at: Frame | null = frame; at?.parentFrame(); at = at.parentFrame()) {
      if (await this.#isPrivate(at)) return 'private';
    }
    return 'open';
  }

  async #isPrivate(frame: Frame): Promise<boolean> {
    return await quietly(frame, async () => {
      const element = await frame.frameElement();
      try {
        return await element.evaluate(liesWithin, this.#selector);
      } finally {
        await element.dispose();
      }
    });
  }
}

/** Runs in the page: whether a node or a composed ancestor matches. An unreadable selector throws, and so hides. */
function liesWithin(start: Node, selector: string): boolean {
  // A helper inside, because the browser gets the text of this function alone.
  const above = (node: Node): Node | null => {
    if (node.parentNode !== null) return node.parentNode;
    if (node.nodeType === 11) return (node as ShadowRoot).host;
    return node.nodeType === 9 ? ((node as Document).defaultView?.frameElement ?? null) : null;
  };
  for (let node: Node | null = start; node !== null; node = above(node)) {
    if (node.nodeType === 1 && (node as Element).matches(selector)) return true;
  }
  return false;
}
