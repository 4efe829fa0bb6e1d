import type { Session } from '../session.js';
import type { Change, State, Window } from './decide.js';
import { CALM, decide } from './decide.js';
import { meter } from './meter.js';

export type { Sheddable, Source } from './decide.js';
export { meter } from './meter.js';

/** Told when a source was shed or came back. */
export type ChangeListener = (session: Session, change: Change) => void;

/** Keeps the recording of one test within its budget: every window is judged, and every change stands in the trace. */
export function govern(session: Session, changed: ChangeListener): void {
  const { max_overhead: share, max_bytes_per_second: bytes_per_second } = session.settings;
  let state: State = CALM;
  meter.reset();
  meter.listener = (window: Window) => {
    const next = decide(state, window, { share, bytes_per_second });
    state = next.state;
    if (next.change) act(session, next.change, changed);
  };
  session.onClose(() => {
    meter.listener = undefined;
  });
}

function act(session: Session, change: Change, changed: ChangeListener): void {
  const { action, source } = change;
  if (action === 'shed') session.shed.add(source);
  else session.shed.delete(source);
  session.recorder.notice(`governor.${action}`, wordsOf(change), { source });
  changed(session, change);
}

function wordsOf({ action, source, limit, load, source_load }: Change): string {
  const budget = limit === 'time' ? 'the time that recording may take' : 'the bytes a second that recording may write';
  const parts = `${Math.round(load * 100)} % of ${budget}, of which \`${source}\` ${action === 'shed' ? 'took' : 'had taken'} ${Math.round(source_load * 100)} %`;
  return action === 'shed' ? `\`${source}\` is left out from here on: recording took ${parts}` : `\`${source}\` is recorded again: recording takes ${parts} before`;
}
