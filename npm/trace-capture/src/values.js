import { shorten } from './text.js';
const MAX_DEPTH = 6;
const MAX_TEXT = 2_000;
const MAX_ITEMS = 100;
/** A value as JSON for a reader: deep, long and foreign things are named rather than copied. Never throws. */
export function describe(value, depth = 0) {
    if (value === null || value === undefined)
        return null;
    switch (typeof value) {
        case 'string':
            return shorten(value, MAX_TEXT);
        case 'number':
            return Number.isFinite(value) ? value : String(value);
        case 'boolean':
            return value;
        case 'object':
            return describeObject(value, depth);
        case 'function':
            return `function ${value.name}`.trim();
        default:
            return String(value);
    }
}
function describeObject(value, depth) {
    if (value instanceof RegExp)
        return String(value);
    if (value instanceof Date)
        return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (value instanceof Error)
        return shorten(String(value), MAX_TEXT);
    if (ArrayBuffer.isView(value))
        return { bytes: value.byteLength };
    const guid = Reflect.get(value, '_guid');
    if (typeof guid === 'string')
        return `<${guid.split('@')[0] ?? 'object'}>`;
    if (depth >= MAX_DEPTH)
        return '…';
    if (Array.isArray(value))
        return value.slice(0, MAX_ITEMS).map((item) => describe(item, depth + 1));
    if (value instanceof Map || value instanceof Set)
        return [...value].slice(0, MAX_ITEMS).map((item) => describe(item, depth + 1));
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.fromEntries(entries.slice(0, MAX_ITEMS).map(([key, item]) => [key, describe(item, depth + 1)]));
}
/** The value itself when JSON brings it back unchanged in meaning, else `undefined`. A step's result is kept only then. */
export function asJson(value, limit) {
    if (value === undefined)
        return undefined;
    try {
        if (!isPlain(value, 0))
            return undefined;
        const text = JSON.stringify(value);
        return text === undefined || text.length > limit ? undefined : JSON.parse(text);
    }
    catch {
        // A cycle, a bigint or a throwing getter: not JSON, which is an answer and no fault.
        return undefined;
    }
}
function isPlain(value, depth) {
    if (value === null || typeof value === 'string' || typeof value === 'boolean')
        return true;
    if (typeof value === 'number')
        return Number.isFinite(value);
    if (typeof value !== 'object' || depth > 64)
        return false;
    if (Array.isArray(value))
        return value.every((item) => isPlain(item, depth + 1));
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null)
        return false;
    return Object.values(value).every((item) => item === undefined || isPlain(item, depth + 1));
}
//# sourceMappingURL=values.js.map