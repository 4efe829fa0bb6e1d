import { createRequire } from 'node:module';
import { reasonOf } from './problems.js';
let loaded;
/** The addon, or `undefined` when it cannot be loaded here; said once, loudly, since nothing will be recorded. */
export function native() {
    if (loaded === undefined)
        loaded = load() ?? null;
    return loaded ?? undefined;
}
function load() {
    try {
        return createRequire(import.meta.url)('@molar/trace-node');
    }
    catch (cause) {
        // Told by the first process of a run; the others inherit that it was.
        if (process.env['MOLAR_TRACE_TOLD_UNLOADABLE'] === '1')
            return undefined;
        process.env['MOLAR_TRACE_TOLD_UNLOADABLE'] = '1';
        process.stderr.write(`\nmolar-trace: NOTHING IS RECORDED: @molar/trace-node cannot be loaded on ${process.platform}-${process.arch}, node ${process.version}.\n` +
            `  ${reasonOf(cause)}\n  The tests run as if this package were not there. Reinstall without --omit=optional, or set MOLAR_TRACE=0.\n\n`);
        return undefined;
    }
}
//# sourceMappingURL=native.js.map