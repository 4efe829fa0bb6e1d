import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateAfter } from '../../dist/state/fold.js';
import { Ledger } from '../../dist/state/ledger.js';
import type { PartText, RecordedState } from '../../dist/state/types.js';

interface Boundary {
  readonly reads: Readonly<Record<string, PartText>>;
  readonly full?: boolean;
  /** What the event says, or nothing when there is none: revision, changed parts, written parts with their revisions. */
  readonly says?: readonly [number, readonly string[], Readonly<Record<string, number>>];
  /** The state that the events so far lead to. */
  readonly state: Readonly<Record<string, unknown>>;
}

const STORY: readonly Boundary[] = [
  { reads: {}, state: {} },
  { reads: { cookies: '[]', 'local x': '[["a","1"]]' }, full: true, says: [1, ['cookies', 'local x'], { cookies: 1, 'local x': 1 }], state: { cookies: [], 'local x': [['a', '1']] } },
  { reads: { cookies: '[]' }, state: { cookies: [], 'local x': [['a', '1']] } },
  { reads: { 'local x': '[]', 'session p1 x': '[]' }, says: [2, ['local x', 'session p1 x'], { 'local x': 2, 'session p1 x': 2 }], state: { cookies: [], 'local x': [], 'session p1 x': [] } },
  { reads: { 'session p1 x': undefined, 'never there': undefined }, says: [3, ['session p1 x'], { 'session p1 x': 3 }], state: { cookies: [], 'local x': [] } },
  { reads: {}, full: true, says: [4, [], { cookies: 1, 'local x': 2 }], state: { cookies: [], 'local x': [] } },
];

test('a part is told when it changes, with the revision of that, and the events lead to the state', () => {
  const ledger = new Ledger();
  const secrets: RecordedState[] = [];
  for (const [at, { reads, full = false, says, state }] of STORY.entries()) {
    const change = ledger.apply({ parts: new Map(Object.entries(reads)), missing: [], notices: [], frames: new Map() }, full);
    const said = change && [change.revision, change.changed, Object.fromEntries(change.parts.map(({ name, revision }) => [name, revision]))];
    assert.deepEqual(said, says, `boundary ${at}`);
    if (change) secrets.push({ parts: Object.fromEntries(change.parts.map(({ name, revision, text }) => [name, { revision, value: JSON.parse(text) as null }])) });
    assert.deepEqual(Object.fromEntries(stateAfter(secrets)), state, `state after boundary ${at}`);
  }
});
