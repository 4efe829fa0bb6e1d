export type { AppMode, Order, Strategy } from './guest/order.js';
export type { Code, Report, State } from './guest/progress.js';
