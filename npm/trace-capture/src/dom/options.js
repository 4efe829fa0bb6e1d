const DEFAULTS = {
    start: 'interactive',
    slow_start_ms: 2_000,
    flush_ms: 100,
    batch_events: 500,
    queue_events: 20_000,
    restarts_per_second: 5,
    soft_mutations: 2_000,
    hard_mutations: 500_000,
    hard_refill_per_second: 20_000,
    mask_inputs: 'sensitive',
    mask_text: [],
    block: [],
};
/** The options as the page gets them: defaults filled in, nothing of the Node side among them. */
export function injectedOptions(options, names) {
    const merged = { ...DEFAULTS, ...names };
    for (const name of Object.keys(DEFAULTS)) {
        const value = Reflect.get(options, name);
        if (value !== undefined)
            merged[name] = value;
    }
    return merged;
}
//# sourceMappingURL=options.js.map