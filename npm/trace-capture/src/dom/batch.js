/** Longest text that is looked at: pages are not trusted, and nothing the recorder sends comes near it. */
const MAX_BATCH_CHARS = 256 * 1024 * 1024;
const STREAM = /^[0-9a-f]{16}$/;
/** Reads one batch. What does not hold to the form is a fault, as data: the text comes from a page. */
export function parseBatch(text) {
    if (typeof text !== 'string')
        return { fault: 'not a string' };
    if (text.length > MAX_BATCH_CHARS)
        return { fault: 'too long' };
    const [first = '', ...lines] = text.split('\n');
    const header = parseJson(first);
    if (!Array.isArray(header))
        return { fault: 'header is not a JSON array' };
    const [stream, generation, number, parts, notices] = header;
    if (typeof stream !== 'string' || !STREAM.test(stream))
        return { fault: 'header has no stream id' };
    if (!isCount(generation) || !isCount(number))
        return { fault: 'header has no generation or batch number' };
    if (!Array.isArray(parts) || !Array.isArray(notices))
        return { fault: 'header has no parts or notices' };
    if (parts.length !== lines.length)
        return { fault: `header names ${parts.length} parts, ${lines.length} follow` };
    const read = parts.map((part, at) => parsePart(part, lines[at] ?? ''));
    if (!read.every((part) => part !== undefined))
        return { fault: 'a part is malformed' };
    return { stream, generation, number, parts: read, notices: notices.filter(isNotice) };
}
function parsePart(header, events) {
    if (!Array.isArray(header))
        return undefined;
    const [type, count, firstTs, lastTs] = header;
    if (type !== 'snapshot' && type !== 'mutation')
        return undefined;
    if (!isCount(count) || !isTime(firstTs) || !isTime(lastTs))
        return undefined;
    if (!events.startsWith('[') || !events.endsWith(']'))
        return undefined;
    return { type, count, firstTs, lastTs, events };
}
function parseJson(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        // Reported by the caller as a fault of the header.
        return undefined;
    }
}
function isCount(value) {
    return Number.isSafeInteger(value) && value >= 0;
}
function isTime(value) {
    return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
function isNotice(value) {
    if (typeof value !== 'object' || value === null)
        return false;
    const { code, detail } = value;
    return typeof code === 'string' && /^dom\.[a-z._]{1,60}$/.test(code) && typeof detail === 'object' && detail !== null;
}
//# sourceMappingURL=batch.js.map