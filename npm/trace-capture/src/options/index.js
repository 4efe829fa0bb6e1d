export { configure, publicSettings, settings } from './sources.js';
//# sourceMappingURL=index.js.map