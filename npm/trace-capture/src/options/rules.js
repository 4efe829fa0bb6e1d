/** What is wrong with a value, worded to follow the option's name; `undefined` when nothing is. */
export function faultOf(rule, value) {
    return fits(rule, value) ? inside(rule, value) : `should be ${wording(rule)}`;
}
/** A rule as a reader meets it in a message or a table. */
export function wording(rule) {
    switch (rule.type) {
        case 'boolean':
            return 'true or false';
        case 'integer':
            return `a whole number from ${rule.min} to ${rule.max}${rule.unit ? ` (${rule.unit})` : ''}`;
        case 'number':
            return `a number from ${rule.min} to ${rule.max}`;
        case 'text':
            return rule.pattern ? `text like ${rule.pattern.source}` : 'text';
        case 'choice':
            return `one of ${rule.of.map((word) => `\`${word}\``).join(', ')}`;
        case 'list':
            return `a list of ${rule.of.type === 'text' ? 'texts' : `${rule.of.type}s`}`;
        case 'object':
            return rule.fields ? `an object with ${Object.keys(rule.fields).map((name) => `\`${name}\``).join(', ')}` : 'an object';
        case 'either':
            return rule.of.map(wording).join(', or ');
    }
}
/** The known name that a wrong one probably meant: `maxBodyBytes`, `vidoe`, `screenshot`. */
export function meant(wrong, names) {
    const plain = (name) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
    const near = names.map((name) => ({ name, far: distance(plain(wrong), plain(name)) })).sort((left, right) => left.far - right.far)[0];
    return near && near.far <= Math.min(3, Math.max(1, Math.floor(near.name.length / 2.5))) ? near.name : undefined;
}
/** A name nobody knows, and the one that was probably meant. */
export function unknownName(what, wrong, names) {
    const guess = meant(wrong, names);
    return `there is no ${what} \`${wrong}\`${guess === undefined ? '' : `; did you mean \`${guess}\`?`}`;
}
function fits(rule, value) {
    switch (rule.type) {
        case 'boolean':
            return typeof value === 'boolean';
        case 'integer':
            return Number.isInteger(value) && within(rule, value);
        case 'number':
            return typeof value === 'number' && within(rule, value);
        case 'text':
            return typeof value === 'string' && value !== '' && (rule.pattern?.test(value) ?? true);
        case 'choice':
            return typeof value === 'string' && rule.of.includes(value);
        case 'list':
            return Array.isArray(value);
        case 'object':
            return typeof value === 'object' && value !== null && !Array.isArray(value);
        case 'either':
            return rule.of.some((one) => fits(one, value));
    }
}
function within({ min, max }, value) {
    return value >= min && value <= max;
}
function inside(rule, value) {
    if (rule.type === 'either') {
        const chosen = rule.of.find((one) => fits(one, value));
        return chosen && inside(chosen, value);
    }
    if (rule.type === 'list')
        return first(value.map((item, index) => prefixed(`[${index}]`, faultOf(rule.of, item))));
    if (rule.type !== 'object' || !rule.fields)
        return undefined;
    return fieldFault(rule.fields, rule.required ?? [], value);
}
function fieldFault(fields, required, value) {
    const missing = required.find((name) => value[name] === undefined);
    if (missing !== undefined)
        return `lacks \`${missing}\``;
    return first(Object.entries(value).map(([name, item]) => {
        const rule = Object.hasOwn(fields, name) ? fields[name] : undefined;
        if (rule === undefined)
            return `has a wrong part: ${unknownName('name', name, Object.keys(fields))}`;
        return item === undefined ? undefined : prefixed(`.${name}`, faultOf(rule, item));
    }));
}
function prefixed(place, fault) {
    return fault === undefined ? undefined : `at \`${place}\` ${fault}`;
}
function first(faults) {
    return faults.find((fault) => fault !== undefined);
}
/** Edits from one word to another (Levenshtein). The words are option names, so the square of their length is small. */
function distance(left, right) {
    let row = Array.from({ length: right.length + 1 }, (_, index) => index);
    for (let i = 1; i <= left.length; i += 1) {
        const next = [i];
        for (let j = 1; j <= right.length; j += 1) {
            const changed = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
            next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
        }
        row = next;
    }
    return row.at(-1) ?? 0;
}
//# sourceMappingURL=rules.js.map