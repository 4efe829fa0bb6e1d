/** Whether calls on this object can be hidden from the user's report. */
export function canBeQuiet(owner) {
    return typeof owner._wrapApiCall === 'function';
}
/** Runs a Playwright call hidden from reports where this version allows it, and plainly where not. */
export async function quietly(owner, run) {
    const wrapping = owner;
    if (typeof wrapping._wrapApiCall !== 'function')
        return await run();
    return (await wrapping._wrapApiCall(run, { internal: true }));
}
/** The result, or `undefined` when it failed or did not come within the bound. Never rejects, never hangs. */
export async function within(bound_ms, work) {
    let timer;
    const late = new Promise((resolve) => {
        timer = setTimeout(() => resolve(undefined), bound_ms);
    });
    try {
        // A frame that navigated or closed while it was asked is no fault: it has nothing left to tell.
        return await Promise.race([work.catch(() => undefined), late]);
    }
    finally {
        clearTimeout(timer);
    }
}
//# sourceMappingURL=quiet.js.map