import { offered } from './events/kinds.js';
import { problems } from './problems.js';
import { theWorker } from './process.js';

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
    const offer = offered(kind, payload);
    if ('fault' in offer) problems.add('trace.append', new Error(offer.fault));
    else session.append(kind, offer.payload);
  },
  get id() {
    return theWorker().current?.recorder.traceId;
  },
};
