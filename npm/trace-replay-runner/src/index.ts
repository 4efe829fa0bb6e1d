/** Replays a recorded Playwright test from one of its steps, or brings a browser there. */
export type { Address } from './guest/hold.js';
export type { AppMode, Strategy } from './guest/order.js';
export type { HeldReplay } from './hold.js';
export { hold } from './hold.js';
export type { OpenedBrowser } from './open.js';
export { open } from './open.js';
export type { OpenOptions, ReplayOptions } from './options.js';
export type { ChangeOutcome, HeldOutcome, ReplayCode, ReplayOutcome, ReplayProgress } from './outcome.js';
export type { Replay } from './replay.js';
export { replay } from './replay.js';
