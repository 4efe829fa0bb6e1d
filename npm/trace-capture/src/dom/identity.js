import { randomUUID } from 'node:crypto';
/** Stable ids of Playwright's pages and frames: its own guid where it has one, so that they match its trace. */
export class Identities {
    #own = new WeakMap();
    of(thing, kind) {
        const guid = Reflect.get(thing, '_guid');
        if (typeof guid === 'string' && guid !== '')
            return guid;
        const known = this.#own.get(thing) ?? `${kind}@${randomUUID()}`;
        this.#own.set(thing, known);
        return known;
    }
}
//# sourceMappingURL=identity.js.map