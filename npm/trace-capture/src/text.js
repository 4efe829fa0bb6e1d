import { isAbsolute, relative, sep } from 'node:path';
const ANSI = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;
/** Text without terminal colours. */
export function withoutAnsi(text) {
    return text.includes('\u001b') ? text.replace(ANSI, '') : text;
}
/** A file as the trace names it: relative to the project's root, with forward slashes; outside of it, as it is. */
export function relativeFile(root, file) {
    if (!isAbsolute(file))
        return file;
    const path = relative(root, file);
    return path.startsWith('..') || isAbsolute(path) ? file : path.split(sep).join('/');
}
/** A name made of a file and titles that is safe in a path and stable across machines. */
export function slugOf(parts) {
    const slug = parts
        .join(' ')
        .normalize('NFKD')
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-+|-+$/g, '');
    return slug.slice(0, 120).replace(/-+$/, '') || 'untitled';
}
/** Cuts text to a length, saying that it did. */
export function shorten(text, limit) {
    return text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length - limit} more characters)`;
}
//# sourceMappingURL=text.js.map