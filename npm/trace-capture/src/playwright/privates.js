/**
 * The parts of Playwright's insides this package touches, as far as it touches them. Everything is optional: a release
 * that renames one of them costs the events that came from it and a loud line, never a test (see `self-check.ts`).
 */
/** Registers with the client of this process; whether it could. */
export function listen(playwright, listener) {
    const instrumentation = property(playwright, '_instrumentation');
    const add = property(instrumentation, 'addListener');
    if (typeof add !== 'function')
        return false;
    Reflect.apply(add, instrumentation, [listener]);
    return true;
}
/** A property of anything, `undefined` where there is none. */
export function property(owner, name) {
    return (typeof owner === 'object' && owner !== null) || typeof owner === 'function' ? Reflect.get(owner, name) : undefined;
}
/** The server-side object behind a client object, when both live in this process. */
export function implementationOf(owner) {
    const connection = property(owner, '_connection');
    const toImpl = property(connection, 'toImpl');
    return typeof toImpl === 'function' ? Reflect.apply(toImpl, connection, [owner]) : undefined;
}
//# sourceMappingURL=privates.js.map