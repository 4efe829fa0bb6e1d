import { readFileSync } from 'node:fs';
let text;
/** The init script with its options written in. Throws when the package was not built. */
export function initScript(options) {
    text ??= readFileSync(new URL('../injected/dom-recorder.js', import.meta.url), 'utf8');
    return `${text}(${JSON.stringify(options)});`;
}
//# sourceMappingURL=script.js.map