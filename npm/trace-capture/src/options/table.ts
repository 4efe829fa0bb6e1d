import type { Rule } from './rules.js';
import type { Settings, TraceCaptureOptions } from './types.js';

/** One option as the program knows it; what it means is told in `types.ts`. */
export interface Entry {
  readonly rule: Rule;
  /** The value when nobody chose; absent for options that may stay unchosen. */
  readonly default?: unknown;
  /** `run`: the same for all tests of a process, so a spec cannot set it. */
  readonly scope?: 'run';
  /** Never told in `run.start`, because it is a secret or names this machine. */
  readonly hidden?: true;
  /** What holds when a choice was made that cannot be understood: a typo must not lay bare what somebody wanted to hide. */
  readonly safe?: Partial<Settings>;
}

const YES: Entry = { rule: { type: 'boolean' }, default: true };
const TEXT: Rule = { type: 'text' };
/** Selectors of what is to be hidden; unknown ones hide all text. */
const HIDE: Entry = { rule: { type: 'list', of: TEXT }, default: [], safe: { mask_text: ['*'] } };
const COUNT: Rule = { type: 'integer', min: 1, max: 100_000_000 };
const WAIT: Rule = { type: 'integer', min: 0, max: 600_000, unit: 'ms' };
const MASK: Rule = { type: 'either', of: [{ type: 'choice', of: ['sensitive', 'all'] }, { type: 'list', of: TEXT }] };

const DOM: Rule = {
  type: 'object',
  fields: {
    start: { type: 'choice', of: ['interactive', 'early'] }, slow_start_ms: WAIT, flush_ms: WAIT, batch_events: COUNT,
    queue_events: COUNT, restarts_per_second: COUNT, soft_mutations: COUNT, hard_mutations: COUNT,
    hard_refill_per_second: COUNT, attribute_burst: COUNT, attribute_refill_per_second: COUNT, mask_inputs: MASK, mask_text: { type: 'list', of: TEXT }, block: { type: 'list', of: TEXT },
    transport: { type: 'choice', of: ['auto', 'plain'] }, flush_timeout_ms: WAIT,
  },
};

const CLONE: Rule = {
  type: 'object',
  fields: { kind: TEXT, name: TEXT, admin: TEXT, run: TEXT, token: TEXT, collections: { type: 'list', of: TEXT } },
  required: ['kind', 'admin', 'run'],
};

/** Every option: the order here is the order in which people read them. */
export const TABLE: Readonly<Record<keyof TraceCaptureOptions, Entry>> = {
  enabled: YES,
  mode: { rule: { type: 'choice', of: ['on', 'off', 'retain-on-failure', 'on-first-retry', 'on-all-retries'] }, default: 'on' },
  sample: { rule: { type: 'number', min: 0, max: 1 } },
  dir: { rule: TEXT, scope: 'run', hidden: true },
  org: { rule: TEXT, scope: 'run' },
  url: { rule: { type: 'text', pattern: /^https?:\/\// }, scope: 'run' },
  key: { rule: TEXT, scope: 'run', hidden: true },
  source: { rule: { type: 'choice', of: ['pr', 'schedule', 'manual', 'shadow_diff'] }, scope: 'run' },
  dom: { rule: { type: 'either', of: [{ type: 'boolean' }, DOM] }, default: true },
  network: YES,
  network_source: { rule: { type: 'choice', of: ['auto', 'events'] }, default: 'auto' },
  bodies: YES,
  max_body_bytes: { rule: { type: 'integer', min: 0, max: 512 * 1024 * 1024, unit: 'bytes' }, default: 16 * 1024 * 1024 },
  console: YES,
  state: YES,
  max_state_bytes: { rule: { type: 'integer', min: 0, max: 64 * 1024 * 1024, unit: 'bytes' }, default: 4 * 1024 * 1024 },
  stdio: YES,
  screenshots: YES,
  heartbeat_ms: { rule: { type: 'integer', min: 50, max: 600_000, unit: 'ms' }, default: 1_000 },
  video: { rule: { type: 'either', of: [{ type: 'boolean' }, { type: 'choice', of: ['unmasked'] }] }, default: true },
  playwright_zip: YES,
  clones: { rule: { type: 'list', of: CLONE }, default: [] },
  clone_poll_ms: { rule: { type: 'integer', min: 50, max: 600_000, unit: 'ms' }, default: 500 },
  world_snapshots: YES,
  mask_inputs: { rule: MASK, default: 'sensitive', safe: { mask_inputs: 'all' } },
  mask_text: HIDE,
  block: HIDE,
  redaction: { rule: { type: 'object' }, hidden: true },
  vault: { rule: { type: 'choice', of: ['auto', 'off'] }, default: 'auto', safe: { vault: 'off' } },
  vault_recipient: { rule: { type: 'text', pattern: /^\s*age1/ }, safe: { vault: 'off' } },
  events_endpoint: { ...YES, scope: 'run' },
  trace_header: { rule: { type: 'boolean' }, default: false },
  report_link: YES,
  rng_seed: { rule: TEXT },
  rng_worker: { rule: { type: 'boolean' }, default: false },
  public_hooks: { rule: { type: 'boolean' }, default: false, scope: 'run' },
  max_overhead: { rule: { type: 'number', min: 0.01, max: 1 }, default: 0.25 },
  max_bytes_per_second: { rule: { type: 'integer', min: 10_000, max: 10_000_000_000, unit: 'bytes' }, default: 32 * 1024 * 1024 },
  max_trace_bytes: { rule: { type: 'integer', min: 100_000, max: 1_000_000_000_000, unit: 'bytes' }, default: 2 * 1024 * 1024 * 1024 },
  max_disk_bytes: { rule: { type: 'integer', min: 0, max: 1_000_000_000_000_000, unit: 'bytes' }, scope: 'run' },
  drain_ms: { rule: { type: 'integer', min: 0, max: 60_000, unit: 'ms' }, default: 3_000 },
};

/** The names of all options. */
export const NAMES: readonly string[] = Object.keys(TABLE);

/** What is known about a name; `undefined` for one that is no option, such as `constructor`. */
export function entryOf(name: string): Entry | undefined {
  return Object.hasOwn(TABLE, name) ? TABLE[name as keyof TraceCaptureOptions] : undefined;
}

/** The settings when nobody chose anything. */
export const DEFAULTS: Settings = Object.fromEntries(
  Object.entries(TABLE).flatMap(([name, entry]) => ('default' in entry ? [[name, entry.default]] : [])),
) as unknown as Settings;
