import { implementationOf, property } from '../playwright/privates.js';
/**
 * Wraps a session of Playwright's own so that sessions below it can be reached as well. Playwright's public object has
 * no way to do that; the object behind it has, as long as browser and test share this process's connection.
 */
export function wrapSession(session) {
    const inner = property(implementationOf(session), '_session');
    return typeof property(inner, 'createChildSession') === 'function' ? new InnerSession(inner) : undefined;
}
class InnerSession {
    #inner;
    constructor(inner) {
        this.#inner = inner;
    }
    async send(method, params = {}) {
        const send = property(this.#inner, 'send');
        if (typeof send !== 'function')
            throw new Error('the debugging session cannot send');
        return (await Reflect.apply(send, this.#inner, [method, params]));
    }
    child(sessionId, listener) {
        const create = property(this.#inner, 'createChildSession');
        if (typeof create !== 'function')
            return undefined;
        const made = Reflect.apply(create, this.#inner, [sessionId, listener]);
        return typeof made === 'object' && made !== null ? new InnerSession(made) : undefined;
    }
}
//# sourceMappingURL=cdp-session.js.map