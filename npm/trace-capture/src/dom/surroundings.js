import { quietly, within } from './quiet.js';
const LOOK_MS = 2_000;
/**
 * Looks at the places of frames of another origin. A parent may have blocked or masked the element that holds the
 * frame; only from here can both sides be seen. Masked counts as blocked: the frame's recorder does not know the
 * rules of its surroundings, so its recording would be in clear.
 */
export class SurroundingsFinder {
    #selector;
    #handle;
    constructor(options, handle) {
        this.#selector = [...(options.block ?? []), ...(options.mask_text ?? []), '.rr-block', '.rr-mask'].join(',');
        this.#handle = handle;
    }
    /** Looks at the element of the frame and of every frame around it. Bounded; never rejects. */
    async find(frame) {
        return (await within(LOOK_MS, this.#walk(frame))) ?? { verdict: 'unknown' };
    }
    async #walk(frame) {
        let holder = null;
        for (let at = frame; at?.parentFrame(); at = at.parentFrame()) {
            const place = await this.#placeOf(at);
            if (place.isPrivate)
                return { verdict: 'private' };
            if (at === frame)
                ({ holder } = place);
        }
        return holder === null ? { verdict: 'open' } : { verdict: 'open', holder };
    }
    async #placeOf(frame) {
        return await quietly(frame, async () => {
            const element = await frame.frameElement();
            try {
                return await element.evaluate(look, [this.#selector, this.#handle]);
            }
            finally {
                await element.dispose();
            }
        });
    }
}
/**
 * Runs in the parent: whether the element or a composed ancestor matches, and which node of which recording it is.
 * An unreadable selector throws, and so hides. Helpers stand inside, since the browser gets this function's text alone.
 */
function look(element, [selector, handle]) {
    const above = (node) => {
        if (node.parentNode !== null)
            return node.parentNode;
        if (node.nodeType === 11)
            return node.host;
        return node.nodeType === 9 ? (node.defaultView?.frameElement ?? null) : null;
    };
    let isPrivate = false;
    let top = element;
    for (let node = element; node !== null; node = above(node)) {
        top = node;
        isPrivate ||= node.nodeType === 1 && node.matches(selector);
    }
    // The recorder lives in the outermost document that shares this origin; its node ids cover the inner ones.
    const view = top.defaultView;
    const recorder = typeof view === 'object' && view !== null ? Reflect.get(view, handle) : undefined;
    return { isPrivate, holder: recorder?.idOf(element) ?? null };
}
//# sourceMappingURL=surroundings.js.map