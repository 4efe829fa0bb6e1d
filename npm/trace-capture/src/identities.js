/** Numbers pages and frames in order of appearance in one trace: `p1`, and `p1f1` for its first frame. */
export class PageIds {
    #pages = new Map();
    #frames = new Map();
    #counts = new Map();
    /** The id of a page known by any stable key, such as Playwright's guid. */
    page(key) {
        const known = this.#pages.get(key);
        if (known !== undefined)
            return known;
        const id = `p${this.#pages.size + 1}`;
        this.#pages.set(key, id);
        return id;
    }
    /** The id of a frame, given its page's key. */
    frame(pageKey, key) {
        const page = this.page(pageKey);
        const known = this.#frames.get(`${page} ${key}`);
        if (known !== undefined)
            return known;
        const number = (this.#counts.get(page) ?? 0) + 1;
        this.#counts.set(page, number);
        const id = `${page}f${number}`;
        this.#frames.set(`${page} ${key}`, id);
        return id;
    }
}
/** Playwright's own name of a client object, the same one the DOM channel uses. */
export function guidOf(thing) {
    const guid = Reflect.get(thing, '_guid');
    if (typeof guid === 'string' && guid !== '')
        return guid;
    const known = own.get(thing) ?? `own@${(count += 1)}`;
    own.set(thing, known);
    return known;
}
const own = new WeakMap();
let count = 0;
//# sourceMappingURL=identities.js.map