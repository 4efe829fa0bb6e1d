import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Budget, Costs, State, Window } from '../../dist/governor/decide.js';
import { CALM, decide } from '../../dist/governor/decide.js';
import { Meter } from '../../dist/governor/meter.js';

const BUDGET: Budget = { share: 0.1, bytes_per_second: 1_000_000 };

interface Case {
  readonly name: string;
  /** One window of a second each: milliseconds by source, or bytes. */
  readonly windows: readonly { readonly spent_ms?: Costs; readonly bytes?: Costs }[];
  readonly changes: readonly string[];
}

const over = (spent_ms: Costs) => ({ spent_ms });
const times = <T>(count: number, window: T): T[] => Array.from({ length: count }, () => window);

const CASES: readonly Case[] = [
  { name: 'within the budget nothing changes', windows: times(20, over({ dom: 60, others: 39 })), changes: [] },
  { name: 'a moment over it is forgiven', windows: [...times(2, over({ dom: 500 })), over({ dom: 50 }), ...times(2, over({ dom: 500 }))], changes: [] },
  { name: 'the costliest goes, be it missed most', windows: times(3, over({ screenshots: 20, dom: 200 })), changes: ['shed dom'] },
  { name: 'of two that cost about the same the one goes that is missed least', windows: times(3, over({ dom: 100, screenshots: 80 })), changes: ['shed screenshots'] },
  { name: 'what cannot be shed is never shed', windows: times(9, over({ others: 400, clones: 3 })), changes: [] },
  { name: 'one after the other, each after its own time', windows: times(9, over({ screenshots: 100, bodies: 90, clones: 80, dom: 70 })), changes: ['shed screenshots', 'shed clones', 'shed bodies'] },
  { name: 'bytes count as well', windows: times(3, { bytes: { bodies: 5_000_000, screenshots: 1_000 } }), changes: ['shed bodies'] },
  {
    name: 'the last to go comes back first, once there would be room for it',
    windows: [...times(3, over({ dom: 20, bodies: 120 })), ...times(70, over({ dom: 10 }))],
    changes: ['shed bodies', 'restored bodies'],
  },
  {
    name: 'a source that would fit comes back soon',
    windows: [...times(3, over({ clones: 60, bodies: 55, others: 30 })), ...times(5, over({ others: 5 }))],
    changes: ['shed clones', 'restored clones'],
  },
  {
    name: 'what had to go again waits longer',
    windows: [...times(3, over({ clones: 60, others: 45 })), ...times(5, over({ others: 5 })), ...times(3, over({ clones: 60, others: 45 })), ...times(9, over({ others: 5 }))],
    changes: ['shed clones', 'restored clones', 'shed clones'],
  },
];

describe('the governor', () => {
  for (const { name, windows, changes } of CASES) {
    test(name, () => {
      let state: State = CALM;
      const seen: string[] = [];
      for (const { spent_ms = {}, bytes = {} } of windows) {
        // What is shed costs nothing.
        const open = (costs: Costs): Costs => Object.fromEntries(Object.entries(costs).filter(([source]) => !state.shed.some((one) => one.source === source)));
        const next = decide(state, { window_ms: 1_000, spent_ms: open(spent_ms), bytes: open(bytes) }, BUDGET);
        state = next.state;
        if (next.change) seen.push(`${next.change.action} ${next.change.source}`);
      }
      assert.deepEqual(seen, changes);
    });
  }
});

describe('the meter', () => {
  let now = 0;
  const watch = { now: () => now, busy: () => 0.5 };

  test('work inside work is counted once, where it is innermost, also when it throws', () => {
    const meter = new Meter(watch);
    const windows: Window[] = [];
    meter.listener = (window) => windows.push(window);
    const inner = (): unknown => meter.measure('screenshots', () => {
      now += 300;
      throw new Error('on purpose');
    });
    meter.measure('dom', () => {
      assert.throws(inner, /on purpose/);
      now += 50;
      meter.measure('others', () => (now += 10));
    });
    meter.bytes('dom', 7);
    now += 700;
    assert.deepEqual(windows, [], 'a window ends with work');
    meter.measure('dom', () => undefined);
    // Half of the time the process had no processor.
    assert.deepEqual(windows, [{ window_ms: 1_060, spent_ms: { screenshots: 150, others: 5, dom: 25 }, bytes: { dom: 7 } }]);
    now += 1_000;
    meter.measure('dom', () => undefined);
    assert.deepEqual(windows.at(-1), { window_ms: 1_000, spent_ms: { dom: 0 }, bytes: {} });
  });
});
