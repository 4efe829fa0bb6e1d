/** Everything that is shipped in the one bundle; the entry points of the package pick from it. */
export { configure, expect, fixtures, register, test, trace } from './index.js';
export { TraceReporter } from './reporter.js';
