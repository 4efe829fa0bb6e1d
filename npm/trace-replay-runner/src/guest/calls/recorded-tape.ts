import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReplayPlan } from '../source.js';
import type { TapedCall } from './tape.js';
import { Tape } from './tape.js';
import { readZip } from './zip.js';

/** One line of a Playwright trace, as far as it is about calls. */
interface Line {
  readonly type: string;
  readonly callId?: string;
  readonly startTime?: number;
  readonly class?: string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly error?: { readonly message?: string; readonly name?: string } | null;
  readonly wallTime?: number;
  readonly monotonicTime?: number;
}

/** The calls of a recorded test, out of the Playwright trace beside its record; nothing where there is none. */
export function readTape(directory: string, plan: ReplayPlan): Tape | undefined {
  const path = join(directory, 'trace.playwright.zip');
  if (!existsSync(path)) return undefined;
  const members = readZip(readFileSync(path));
  const zero_ms = (plan.wall_ms_at_step ?? 0) - plan.step.ts_ms;
  const calls = [...members].filter(([name]) => name.endsWith('.trace')).flatMap(([, read]) => callsOf(read().toString('utf8'), zero_ms));
  return new Tape(calls.sort((a, b) => a.ts_ms - b.ts_ms));
}

/** The calls of one member, with the time of each on the recorded trace's axis. */
export function callsOf(text: string, zero_ms: number): TapedCall[] {
  const calls = new Map<string, TapedCall>();
  let offset_ms = 0;
  for (const raw of text.split('\n')) {
    if (raw === '') continue;
    const line = JSON.parse(raw) as Line;
    if (line.type === 'context-options') offset_ms = (line.wallTime ?? 0) - (line.monotonicTime ?? 0) - zero_ms;
    const { callId: id } = line;
    if (id === undefined) continue;
    // The runner's own steps stand in members of their own, without a method.
    if (line.type === 'before' && line.class !== undefined && line.method !== undefined && line.class !== 'Test') calls.set(id, { class: line.class, method: line.method, params: line.params ?? {}, ts_ms: (line.startTime ?? 0) + offset_ms });
    const begun = calls.get(id);
    if (line.type === 'after' && begun) calls.set(id, { ...begun, ...(line.result === undefined ? {} : { result: line.result }), ...(line.error ? { error: line.error } : {}) });
  }
  return [...calls.values()];
}
