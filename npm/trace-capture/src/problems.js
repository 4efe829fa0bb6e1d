/** What went wrong inside the recorder, told once and shortly: a recorder must not shout over the test it records. */
const MAX_KEPT = 20;
/** Collects the recorder's own failures of one process. The first of each kind is kept, the rest are counted. */
export class Problems {
    #seen = new Map();
    /** Remembers a failure under the place it happened at. */
    add(where, cause) {
        const known = this.#seen.get(where);
        if (known)
            known.count += 1;
        else if (this.#seen.size < MAX_KEPT)
            this.#seen.set(where, { message: reasonOf(cause), count: 1 });
        if (process.env['MOLAR_TRACE_DEBUG'] === '1')
            process.stderr.write(`molar-trace: ${where}: ${stackOf(cause)}\n`);
    }
    /** Whether something went wrong at a place. */
    has(where) {
        return this.#seen.has(where);
    }
    /** Everything so far as one line, or nothing; what was told is forgotten. */
    take() {
        if (this.#seen.size === 0)
            return undefined;
        const parts = [...this.#seen].map(([where, { message, count }]) => `${where}: ${message}${count > 1 ? ` (${count} times)` : ''}`);
        this.#seen.clear();
        return `molar-trace: the record has gaps, the tests are unaffected. ${parts.join('; ')}. Set MOLAR_TRACE_DEBUG=1 for the full story.`;
    }
}
/** The one collection of this process. */
export const problems = new Problems();
/** Runs something that must not hurt the test; a failure is remembered under `where`. */
export function guarded(where, run) {
    try {
        return run();
    }
    catch (cause) {
        problems.add(where, cause);
        return undefined;
    }
}
/** The same for work that takes time; the promise never rejects. */
export async function guardedAsync(where, run) {
    try {
        return await run();
    }
    catch (cause) {
        problems.add(where, cause);
        return undefined;
    }
}
/** The message of anything thrown, on one line. */
export function reasonOf(cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    return text.replace(/\s+/g, ' ').slice(0, 300);
}
function stackOf(cause) {
    return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
//# sourceMappingURL=problems.js.map