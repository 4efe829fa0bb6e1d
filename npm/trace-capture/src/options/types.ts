import type { DomRecorderOptions } from '../dom/index.js';

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

/**
 * Everything that can be chosen about recording, under the same name wherever it is chosen (see `sources.ts`). A new option
 * is a line here, its rule in `table.ts`, and `npm run options`: the comment here is what users read about it.
 */
export interface TraceCaptureOptions {
  /** Whether to record at all; false is another word for `mode: 'off'`, and over every other. */
  readonly enabled?: boolean;
  /** Which attempts leave a trace. With `retain-on-failure` nothing is shipped before the verdict, and a test that passed leaves nothing. */
  readonly mode?: 'on' | 'off' | 'retain-on-failure' | 'on-first-retry' | 'on-all-retries';
  /** Share of the tests to record, the same ones on every shard of a run; with `retain-on-failure` the share of passed tests to keep beside the failed ones. Absent: all, and none of the passed ones. */
  readonly sample?: number;
  /** Where traces are kept; `.molar` beside the config file when absent. */
  readonly dir?: string;
  /** The organisation traces belong to. */
  readonly org?: string;
  /** The companion server; without it traces stay in `dir`. */
  readonly url?: string;
  /** The server's API key. Better in the environment than in a file. */
  readonly key?: string;
  /** Why this run happens; guessed from the CI environment when absent. */
  readonly source?: 'pr' | 'schedule' | 'manual' | 'shadow_diff';
  /** The DOM of every page and frame. An object sets the limits of its recorder. */
  readonly dom?: boolean | DomRecorderOptions;
  /** Requests, responses and sockets. */
  readonly network?: boolean;
  /** `events` records the network through Playwright's own events, as is done where no debugging session is to be had; `docs/limits.md` says what that misses. */
  readonly network_source?: 'auto' | 'events';
  /** Bodies of requests and responses; what is missing says so. */
  readonly bodies?: boolean;
  /** Bodies beyond this many bytes are cut, and say so. */
  readonly max_body_bytes?: number;
  /** Console messages and uncaught errors of pages. */
  readonly console?: boolean;
  /** Cookies, storage, databases, history and form fields at step boundaries; the values go to the vault alone. */
  readonly state?: boolean;
  /** Databases of an origin beyond this many bytes are left out of the state, and say so. */
  readonly max_state_bytes?: number;
  /** What the test prints. */
  readonly stdio?: boolean;
  /** Pictures at step boundaries, on change and on failure. */
  readonly screenshots?: boolean;
  /** Shortest time between two screenshots of a page that changes while no step begins or ends. */
  readonly heartbeat_ms?: number;
  /**
   * Films every page where Playwright's ffmpeg is installed and the config does not ask for a video already. There is none while `mask_text`,
   * `block` or `mask_inputs` hide something, unless it is `unmasked`.
   */
  readonly video?: boolean | 'unmasked';
  /** Records a Playwright trace unless the config or the test does. */
  readonly playwright_zip?: boolean;
  /** Simulators to follow, besides those that `MOLAR_CLONE_*` announces. */
  readonly clones?: readonly CloneOptions[];
  /** Time between two reads of a clone's state. */
  readonly clone_poll_ms?: number;
  /** Saves every clone's world when a top-level step ends. */
  readonly world_snapshots?: boolean;
  /** Input fields whose values the DOM recording masks: `sensitive`, `all`, or input types. */
  readonly mask_inputs?: DomRecorderOptions['mask_inputs'];
  /** Selectors of elements whose text the DOM recording masks. */
  readonly mask_text?: readonly string[];
  /** Selectors of elements that the DOM recording leaves out. */
  readonly block?: readonly string[];
  /**
   * Redaction rules for every channel, as `docs/privacy.md` tells; applied before a byte reaches the disk. `values` are secret wherever they
   * appear, `env` names variables that hold such values; variables named like secrets count unasked.
   */
  readonly redaction?: Readonly<Record<string, unknown>>;
  /** What becomes of redacted values: encrypted beside the trace for a replay (`secrets.age`), or forgotten. */
  readonly vault?: 'auto' | 'off';
  /** Public keys (`age1…`, commas between them) the vault is encrypted to; without one the server's for the organisation, else a key pair in `dir`, made on first use. */
  readonly vault_recipient?: string;
  /** Listens on the loopback interface for events of other processes, at the address in `MOLAR_TRACE_EVENTS_URL`. */
  readonly events_endpoint?: boolean;
  /** Puts that address into the header `x-molar-trace` of all requests of pages and API contexts, for servers started before the tests. */
  readonly trace_header?: boolean;
  /** Adds the trace to what reporters see of its test: an annotation and an attachment `molar-trace`. */
  readonly report_link?: boolean;
  /** Seeds `Math.random` and `crypto` of all pages, and says so in the trace. Without it randomness is left alone. */
  readonly rng_seed?: string;
  /** Seeds `Math.random` of the test's own process too, and counts its draws. */
  readonly rng_worker?: boolean;
  /** Attaches through public interfaces only, as is done when a release of Playwright lacks the inner ones. Set in the environment or before `register` is imported. */
  readonly public_hooks?: boolean;
  /** Share of the test's JavaScript thread that recording may take for long; beyond it the costliest source is left out, and the trace says so. */
  readonly max_overhead?: number;
  /** Bytes of bodies, pictures, DOM and clone states that recording may write per second for long; beyond it as with `max_overhead`. */
  readonly max_bytes_per_second?: number;
  /** Bytes of one trace on disk; later events are dropped, and the trace says so. */
  readonly max_trace_bytes?: number;
  /** Bytes of all local traces: at the start and the end of a run the oldest that passed are removed, then the oldest others. Traces that wait for a server stay. Absent: no limit. */
  readonly max_disk_bytes?: number;
  /** Longest wait for what is still on its way when a context closes or a test ends; the end of a test, its film's encoder included, may take twice that. */
  readonly drain_ms?: number;
}

/** Options without a default: absent means that nobody chose. */
export type Optional = 'sample' | 'max_disk_bytes' | 'dir' | 'org' | 'url' | 'key' | 'source' | 'redaction' | 'vault_recipient' | 'rng_seed';

/** The options with every default filled in. */
export type Settings = Required<Omit<TraceCaptureOptions, Optional>> & Pick<TraceCaptureOptions, Optional>;
