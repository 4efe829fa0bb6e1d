import { createRequire } from 'node:module';
import { reasonOf } from './problems.js';
import type { Payload } from './values.js';

/** One body or image that the core places inline or as a blob at `payload[field]`. */
export interface ContentField {
  readonly field: string;
  readonly data: Uint8Array | string;
  readonly mediaType: string;
  readonly truncated?: number;
}

/** The recorder of `@molar/trace-node`: it redacts, numbers, cuts chunks and ships; the calls only enqueue. */
export interface NativeRecorder {
  readonly traceId: string;
  readonly shortId: string;
  readonly dir: string;
  now(): number;
  tsOf(epochMs: number): number;
  append(kind: string, payload: Payload, stepId?: string, ts?: number): void;
  appendJson(kind: string, json: string, stepId?: string, ts?: number): void;
  appendContent(kind: string, payload: Payload, contents: readonly ContentField[], stepId?: string, ts?: number): void;
  learn(value: string): void;
  followTrace(dir: string, stem: string): void;
  followVideo(file: string, page: string, ts: number): void;
  discard(): Promise<Finished>;
  addArtifact(name: string, path: string, options?: { move?: boolean }): unknown;
  finish(runEnd: Payload): Promise<Finished>;
}

/** Where a trace is once its test is over. */
export interface Finished {
  readonly outcome: 'local' | 'shipped' | 'spooled' | 'unfinished' | 'discarded';
  /** Where people look at it, when the server said so. */
  readonly url?: string;
  /** Why it is not on the server. */
  readonly reason?: string;
}

/** What a pruning of the store did. */
export interface Pruned {
  readonly traces: readonly { readonly dir: string; readonly status: string }[];
  readonly freedBytes: number;
  readonly keptBytes: number;
  readonly unfinished: number;
}

/** How a recorder is opened. */
export interface RecorderOptions {
  readonly root: string;
  readonly org?: string;
  readonly traceId?: string;
  readonly wallMs?: number;
  /** JSON. */
  readonly runStart: string;
  readonly server?: { readonly url: string; readonly key: string };
  /** Ships nothing before `finish`. */
  readonly hold?: boolean;
  /** JSON. */
  readonly redaction?: string;
  readonly vault?: 'auto' | 'off';
  readonly vaultRecipient?: string;
  /** What the Playwright trace must not show either. */
  readonly masks?: { readonly inputs: boolean; readonly elements: boolean };
  readonly limits?: { readonly finishTimeoutMs?: number; readonly queueBytes?: number; readonly spoolBytes?: number };
}

/** What this package uses of the addon. */
export interface Native {
  readonly Recorder: new (options: RecorderOptions) => NativeRecorder;
  recover(root: string, server?: { readonly url: string; readonly key: string }): Promise<unknown>;
  recoverNow(root: string, timeoutMs: number): boolean;
  noteDeath(root: string, pid: number, death: { readonly code: number | null; readonly signal: string | null }): readonly string[];
  prune(root: string, maxBytes?: number): Promise<Pruned>;
  selfCheckRedaction(): unknown;
  /** Only in builds whose recorder moves the payload key `secret` into the vault. */
  readVault?: unknown;
}

let loaded: Native | undefined | null;

/** The addon, or `undefined` when it cannot be loaded here; said once, loudly, since nothing will be recorded. */
export function native(): Native | undefined {
  if (loaded === undefined) loaded = load() ?? null;
  return loaded ?? undefined;
}

function load(): Native | undefined {
  try {
    return createRequire(import.meta.url)('@molar/trace-node') as Native;
  } catch (cause) {
    // Told by the first process of a run; the others inherit that it was.
    if (process.env['MOLAR_TRACE_TOLD_UNLOADABLE'] === '1') return undefined;
    process.env['MOLAR_TRACE_TOLD_UNLOADABLE'] = '1';
    process.stderr.write(
      `\nmolar-trace: NOTHING IS RECORDED: @molar/trace-node cannot be loaded on ${process.platform}-${process.arch}, node ${process.version}.\n` +
        `  ${reasonOf(cause)}\n  The tests run as if this package were not there. Reinstall without --omit=optional, or set MOLAR_TRACE=0.\n\n`,
    );
    return undefined;
  }
}
