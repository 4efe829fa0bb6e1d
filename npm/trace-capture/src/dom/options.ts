import type { InjectedOptions } from '../injected/wire.js';
import type { DomRecorderOptions } from './types.js';

/** Random names under which page and Node find each other. */
export type Names = Pick<InjectedOptions, 'binding' | 'fast_binding' | 'handle'>;

const DEFAULTS: Omit<InjectedOptions, keyof Names> = {
  start: 'interactive',
  slow_start_ms: 2_000,
  flush_ms: 100,
  batch_events: 500,
  queue_events: 20_000,
  restarts_per_second: 5,
  soft_mutations: 2_000,
  hard_mutations: 500_000,
  hard_refill_per_second: 20_000,
  attribute_burst: 100,
  attribute_refill_per_second: 10,
  mask_inputs: 'sensitive',
  mask_text: [],
  block: [],
};

/** The options as the page gets them: defaults filled in, nothing of the Node side among them. */
export function injectedOptions(options: DomRecorderOptions, names: Names): InjectedOptions {
  const merged: Record<string, unknown> = { ...DEFAULTS, ...names };
  for (const name of Object.keys(DEFAULTS)) {
    const value: unknown = Reflect.get(options, name);
    if (value !== undefined) merged[name] = value;
  }
  return merged as unknown as InjectedOptions;
}
