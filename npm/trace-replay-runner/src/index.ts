/** Replays a recorded Playwright test from one of its steps. */
export type { AppMode, Strategy } from './guest/order.js';
export type { ReplayOptions } from './options.js';
export type { ReplayCode, ReplayOutcome, ReplayProgress } from './outcome.js';
export type { Replay } from './replay.js';
export { replay } from './replay.js';
