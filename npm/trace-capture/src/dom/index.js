/** The DOM channel of a trace: rrweb in the page, parts of its recording on the Node side. */
export { DomRecorder } from './recorder.js';
//# sourceMappingURL=index.js.map