export { configure, publicSettings, settings } from './sources.js';
export type { TestSources } from './sources.js';
export type { CloneOptions, Settings, TraceCaptureOptions } from './types.js';
