import { checked } from './check.js';
import { fromEnvironment } from './environment.js';
import { fromAnnotations, fromFrontMatter } from './front-matter.js';
import { DEFAULTS, TABLE } from './table.js';
let configured = {};
/** Sets options for every test of this suite. Call it in the config file; later calls add to earlier ones. */
export function configure(options) {
    configured = { ...configured, ...checked({ where: 'configure' }, options) };
}
/**
 * What is in force. The nearer to the test, the stronger: defaults, `configure`, `use.molarTrace`, the file's front matter,
 * the test's annotations. The environment is over all of them, since it is what one reaches for to change a single run.
 */
export function settings({ use, file, annotations = [] } = {}) {
    return {
        ...DEFAULTS,
        ...configured,
        ...checked({ where: 'use.molarTrace' }, use),
        ...(file === undefined ? {} : fromFrontMatter(file)),
        ...fromAnnotations(annotations),
        ...fromEnvironment(process.env),
    };
}
/** The options as `run.start` tells them: no secret, no redaction rules, no path of this machine. */
export function publicSettings(all) {
    const told = Object.entries(all).filter(([name]) => TABLE[name].hidden !== true);
    return { ...Object.fromEntries(told), clones: all.clones.map(({ token: _token, ...clone }) => clone) };
}
//# sourceMappingURL=sources.js.map