import { problems } from '../problems.js';
import { faultOf, meant, unknownName } from './rules.js';
import { NAMES, entryOf } from './table.js';
/** The options that are right. Each of the others is told once, since a typo must not fail a suite, and falls to its default or to the safe side. */
export function checked({ where, perTest = false }, options) {
    if (options === undefined || options === null)
        return {};
    if (typeof options !== 'object' || Array.isArray(options)) {
        tell(where, ['the options are not an object']);
        return {};
    }
    const kept = {};
    const faults = [];
    for (const [name, value] of Object.entries(options)) {
        if (value === undefined)
            continue;
        const fault = faultIn(name, value, perTest);
        if (fault === undefined)
            kept[name] = value;
        else {
            faults.push(fault);
            Object.assign(kept, entryOf(meant(name, NAMES) ?? '')?.safe);
        }
    }
    tell(where, faults);
    return kept;
}
/** Remembers faults of one place; a place that every test passes is told about once. */
export function tell(where, faults) {
    if (faults.length > 0 && !problems.has(where))
        problems.add(where, new Error(faults.join(', ')));
}
function faultIn(name, value, perTest) {
    const entry = entryOf(name);
    if (entry === undefined)
        return unknownName('option', name, NAMES);
    if (perTest && entry.scope === 'run')
        return `\`${name}\` is one for the whole run, so \`configure\` or the environment sets it`;
    const fault = faultOf(entry.rule, value);
    return fault === undefined ? undefined : `\`${name}\` ${fault}`;
}
//# sourceMappingURL=check.js.map