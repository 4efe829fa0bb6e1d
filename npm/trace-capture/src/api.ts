import { problems } from './problems.js';
import { theWorker } from './process.js';
import type { Payload } from './values.js';
import { asJson } from './values.js';

const MAX_PAYLOAD = 1024 * 1024;
const KIND = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/;
/** Kinds whose order and meaning the recorder vouches for. */
const OWN = new Set(['run.start', 'run.end', 'step.start', 'step.end', 'capture.notice']);

/** What a test can do with its own trace. */
export interface TraceApi {
  /** Adds an event, such as `append('agent.thought', { agent: 'planner', text: '…' })`. Outside a test it does nothing. */
  append(kind: string, payload?: Readonly<Record<string, unknown>>): void;
  /** Id of the trace being written, if there is one. */
  readonly id: string | undefined;
}

/** The trace of the test that is running. Never throws: a wrong call is told once, at the end of the test. */
export const trace: TraceApi = {
  append(kind, payload = {}) {
    const session = theWorker().current;
    if (!session) return;
    const value = asJson(payload, MAX_PAYLOAD);
    if (!KIND.test(kind) || OWN.has(kind)) problems.add('trace.append', new Error(`\`${kind}\` is not a kind a test can append`));
    else if (typeof value !== 'object' || value === null) problems.add('trace.append', new Error(`the payload of \`${kind}\` is not JSON, or larger than ${MAX_PAYLOAD} bytes`));
    else session.append(kind, value as Payload);
  },
  get id() {
    return theWorker().current?.recorder.traceId;
  },
};
