import type { DomRecorderOptions } from './dom/index.js';
import { problems } from './problems.js';

/** One Clone of the run: where its admin interface is and which run of it the test uses. */
export interface CloneOptions {
  /** The vendor it simulates, such as `stripe`. */
  readonly kind: string;
  /** Name in the trace; the kind unless several clones of one kind take part. */
  readonly name?: string;
  /** Base URL of the admin interface, without `/_clone`. */
  readonly admin: string;
  /** The clone's run id. */
  readonly run: string;
  readonly token?: string;
  /** Collections to record besides the summary; all that the summary names when absent. */
  readonly collections?: readonly string[];
}

/** Everything that can be chosen about recording. The same names work in `configure`, in `use.molarTrace` and, upper-cased after `MOLAR_TRACE_`, in the environment. */
export interface TraceCaptureOptions {
  /** Whether to record at all. */
  readonly enabled?: boolean;
  /** Where traces are kept: default `.molar` beside the config file. */
  readonly dir?: string;
  readonly org?: string;
  /** The companion server; without it traces stay in `dir`. */
  readonly url?: string;
  readonly key?: string;
  /** Why this run happens; guessed from the CI environment. */
  readonly source?: 'pr' | 'schedule' | 'manual' | 'shadow_diff';
  readonly dom?: boolean | DomRecorderOptions;
  readonly network?: boolean;
  readonly bodies?: boolean;
  /** Bodies beyond this many bytes are cut, and say so. */
  readonly max_body_bytes?: number;
  readonly console?: boolean;
  readonly stdio?: boolean;
  readonly screenshots?: boolean;
  /** Shortest time between two screenshots of a page that changes while no step begins or ends. */
  readonly heartbeat_ms?: number;
  readonly video?: boolean;
  readonly playwright_zip?: boolean;
  readonly clones?: readonly CloneOptions[];
  readonly clone_poll_ms?: number;
  /** Saves every clone's world when a top-level step ends. */
  readonly world_snapshots?: boolean;
  readonly mask_inputs?: DomRecorderOptions['mask_inputs'];
  readonly mask_text?: readonly string[];
  readonly block?: readonly string[];
  /** Redaction rules for the core, as it documents them. */
  readonly redaction?: Readonly<Record<string, unknown>>;
  /** Longest wait for what is still on its way when a context closes or a test ends. */
  readonly drain_ms?: number;
}

type Shape = 'boolean' | 'number' | 'string' | 'array' | 'object' | 'dom' | 'mask';
type Optional = 'dir' | 'org' | 'url' | 'key' | 'source' | 'redaction';

/** The options with every default filled in. */
export type Settings = Required<Omit<TraceCaptureOptions, Optional>> & Pick<TraceCaptureOptions, Optional>;

const SHAPES: Record<keyof TraceCaptureOptions, Shape> = {
  enabled: 'boolean', dir: 'string', org: 'string', url: 'string', key: 'string', source: 'string', dom: 'dom',
  network: 'boolean', bodies: 'boolean', max_body_bytes: 'number', console: 'boolean', stdio: 'boolean',
  screenshots: 'boolean', heartbeat_ms: 'number', video: 'boolean', playwright_zip: 'boolean', clones: 'array',
  clone_poll_ms: 'number', world_snapshots: 'boolean', mask_inputs: 'mask', mask_text: 'array', block: 'array',
  redaction: 'object', drain_ms: 'number',
};

const DEFAULTS: Settings = {
  enabled: true, dom: true, network: true, bodies: true, max_body_bytes: 16 * 1024 * 1024, console: true, stdio: true,
  screenshots: true, heartbeat_ms: 1_000, video: true, playwright_zip: true, clones: [], clone_poll_ms: 500,
  world_snapshots: true, mask_inputs: 'sensitive', mask_text: [], block: [], drain_ms: 3_000,
};

let configured: TraceCaptureOptions = {};

/** Sets options for every test of this suite. Call it in the config file; later calls add to earlier ones. */
export function configure(options: TraceCaptureOptions): void {
  configured = { ...configured, ...checked('configure', options) };
}

/** What is in force for a test: the environment wins over `use.molarTrace`, which wins over `configure`. */
export function settings(use: unknown = {}): Settings {
  return { ...DEFAULTS, ...configured, ...checked('use.molarTrace', use), ...fromEnvironment(process.env) };
}

/** The options as `run.start` tells them: no key, no token, no redaction rules, no path of this machine. */
export function publicSettings(all: Settings): Record<string, unknown> {
  const { key: _key, redaction: _redaction, dir: _dir, clones, ...rest } = all;
  return { ...rest, clones: clones.map(({ token: _token, ...clone }) => clone) };
}

function checked(where: string, options: unknown): TraceCaptureOptions {
  if (options === undefined || options === null) return {};
  if (typeof options !== 'object') return wrong(where, 'the options are not an object');
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    const shape = SHAPES[name as keyof TraceCaptureOptions];
    if (value === undefined) continue;
    if (shape === undefined) wrong(where, `there is no option \`${name}\``);
    else if (!fits(shape, value)) wrong(where, `\`${name}\` should be: ${shape}`);
    else kept[name] = value;
  }
  return kept as TraceCaptureOptions;
}

function fits(shape: Shape, value: unknown): boolean {
  switch (shape) {
    case 'array':
      return Array.isArray(value);
    case 'dom':
      return typeof value === 'boolean' || (typeof value === 'object' && value !== null);
    case 'mask':
      return value === 'sensitive' || value === 'all' || Array.isArray(value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) && value >= 0;
    default:
      return value !== null && typeof value === shape;
  }
}

function fromEnvironment(env: NodeJS.ProcessEnv): TraceCaptureOptions {
  const found: Record<string, unknown> = {};
  for (const [name, shape] of Object.entries(SHAPES)) {
    const text = env[`MOLAR_TRACE_${name.toUpperCase()}`];
    if (text === undefined || text === '') continue;
    found[name] = parsed(shape, text);
  }
  if (env['MOLAR_TRACE'] === '0' || env['MOLAR_TRACE'] === 'off') found['enabled'] = false;
  return checked('the environment', found);
}

function parsed(shape: Shape, text: string): unknown {
  if (shape === 'string') return text;
  if (shape === 'boolean' || shape === 'dom') return !['0', 'false', 'off', 'no'].includes(text.toLowerCase());
  if (shape === 'number') return Number(text);
  if (shape === 'mask' && (text === 'all' || text === 'sensitive')) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Lists of selectors are written by hand in CI files, where a comma is what people try first.
    return text.split(',').map((item) => item.trim());
  }
}

function wrong(where: string, what: string): TraceCaptureOptions {
  problems.add(where, new Error(what));
  return {};
}
