/** Every wait of the recorder has a bound; these are the two ways to wait. */
/** The result, or `undefined` when it failed or took longer than the bound. Never rejects. */
export async function atMost(bound_ms, work) {
    let timer;
    const late = new Promise((resolve) => {
        timer = setTimeout(() => resolve(undefined), Math.max(0, bound_ms));
    });
    try {
        return await Promise.race([work.catch(() => undefined), late]);
    }
    finally {
        clearTimeout(timer);
    }
}
/** A set of things under way that can be waited for together. */
export class Pending {
    #work = new Set();
    /** Adds work; its failure is the adder's to handle and is ignored here. */
    add(work) {
        const settled = work.then(() => this.#work.delete(settled), () => this.#work.delete(settled));
        this.#work.add(settled);
    }
    get size() {
        return this.#work.size;
    }
    /** Waits until nothing is under way, work added meanwhile included. Whether that was reached within the bound. */
    async drain(bound_ms) {
        const deadline = Date.now() + bound_ms;
        while (this.#work.size > 0 && Date.now() < deadline) {
            await atMost(deadline - Date.now(), Promise.all(this.#work));
        }
        return this.#work.size === 0;
    }
}
//# sourceMappingURL=wait.js.map