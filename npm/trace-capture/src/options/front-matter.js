import { closeSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { reasonOf } from '../problems.js';
import { checked, tell } from './check.js';
/** More than this at the head of a spec is no head. */
const MAX_HEAD = 64 * 1024;
/** What may stand before the block: a byte order mark, a shebang, line comments, other block comments. */
const BEFORE = /^(?:\uFEFF|#![^\n]*\n|\s+|\/\/[^\n]*(?:\n|$)|\/\*(?!---)[\s\S]*?\*\/)*/;
const BLOCK = /^\/\*---[^\S\n]*\n([\s\S]*?)---\*\//;
const known = new Map();
/** The options at the head of a spec file, read once per process. */
export function fromFrontMatter(file) {
    const before = known.get(file);
    if (before)
        return before;
    const options = readOptions(`the front matter of ${file}`, () => frontMatterOf(headOf(file)));
    known.set(file, options);
    return options;
}
/** The options of one test: the annotations of type `molar` it was declared with, the later over the earlier. */
export function fromAnnotations(annotations) {
    const own = annotations.filter(({ type, description }) => type === 'molar' && description !== undefined);
    return Object.assign({}, ...own.map(({ description }) => readOptions('a `molar` annotation', () => description)));
}
/** The YAML in the comment of three dashes at the head of a source text, if there is one. */
export function frontMatterOf(text) {
    const head = text.slice(BEFORE.exec(text)?.[0].length ?? 0);
    return BLOCK.exec(head)?.[1];
}
function readOptions(where, yaml) {
    try {
        const text = yaml();
        return text === undefined ? {} : checked({ where, perTest: true }, yamlOf(text));
    }
    catch (cause) {
        tell(where, [`it is not YAML: ${reasonOf(cause)}`]);
        return {};
    }
}
/** The parser is loaded by the first text there is: it would cost every worker of every other suite some 20 ms. */
function yamlOf(text) {
    const { parse } = createRequire(import.meta.url)('yaml');
    return parse(text, { prettyErrors: false });
}
function headOf(file) {
    const descriptor = openSync(file, 'r');
    try {
        const head = Buffer.alloc(MAX_HEAD);
        return head.toString('utf8', 0, readSync(descriptor, head, 0, MAX_HEAD, 0));
    }
    finally {
        closeSync(descriptor);
    }
}
//# sourceMappingURL=front-matter.js.map