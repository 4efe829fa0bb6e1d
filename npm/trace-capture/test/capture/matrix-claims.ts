import assert from 'node:assert/strict';
import type { Event, Trace } from './suite.js';
import { contentOf } from './suite.js';

/** What must be true of a trace of the suite `matrix`, whatever release of Playwright and Node recorded it. */
export interface MatrixClaim {
  readonly test: string;
  readonly claim: string;
  readonly check: (trace: Trace) => void;
}

function only(events: readonly Event[], what: string): Event {
  assert.equal(events.length, 1, `${what}: ${JSON.stringify(events)}`);
  return events[0] as Event;
}

function steps(trace: Trace): unknown {
  const ends = new Map(trace.of('step.end').map((event) => [event.step_id, event['status']]));
  return trace.of('step.start').filter(({ category }) => category === 'test.step').map(({ step_id, title }) => [step_id, title, ends.get(step_id)]);
}

function bought(trace: Trace): void {
  const answer = only(trace.of('network.response').filter(({ url }) => String(url).endsWith('/api/buy')), 'buying');
  assert.match(contentOf(answer, 'body')?.text ?? '', /bought/);
  assert.ok(trace.of('dom.snapshot').length > 0 && trace.of('dom.mutation').length > 0, 'no DOM');
}

const ASSERTIONS = (trace: Trace): unknown => trace.of('assertion').map((event) => [event['name'], event['pass'], event['negated'] ?? false, event['soft'] ?? false]);

/** Steps as every way of listening tells them. */
export const STEP_CLAIMS: readonly MatrixClaim[] = [
  {
    test: 'buys',
    claim: 'steps with their tree, results and verdicts',
    check: (trace) => {
      assert.deepEqual(steps(trace), [
        ['s1', 'open', 'passed'], ['s1.1', 'inner', 'passed'], ['s2', 'left', 'passed'], ['s3', 'right', 'passed'],
        ['s2.1', 'left child', 'passed'], ['s3.1', 'right child', 'passed'], ['s4', 'skipped', 'skipped'], ['s5', 'buy', 'passed'],
      ]);
      assert.deepEqual(only(trace.of('step.end').filter(({ step_id }) => step_id === 's1'), 'open')['value'], { greeting: 'hello' });
      const { file, line } = only(trace.of('step.start').filter(({ step_id }) => step_id === 's1'), 'open')['location'] as { file: string; line: number };
      assert.deepEqual([file, line], ['matrix.spec.ts', 22]);
    },
  },
  { test: 'late', claim: 'a step that ran out of time failed', check: (trace) => assert.deepEqual(steps(trace), [['s1', 'slow', 'failed']]) },
];

/** What needs no step: network, DOM, verdicts. */
export const PAGE_CLAIMS: readonly MatrixClaim[] = [
  { test: 'buys', claim: 'network and DOM', check: bought },
  { test: 'buys', claim: 'output', check: (trace) => assert.ok(trace.of('scenario.event').some(({ name, text }) => name === 'stdout' && String(text).includes('printed'))) },
  { test: 'shared page', claim: 'a page made before the test', check: bought },
  { test: 'api only', claim: 'an API request', check: (trace) => assert.equal(only(trace.of('network.response'), 'response')['status'], 200) },
  { test: 'soft', claim: 'the verdict', check: (trace) => assert.equal(trace.events.at(-1)?.['status'], 'failed') },
];

/** Actions, assertions and attachments, as the runner's own callbacks tell them. */
export const RUNNER_CLAIMS: readonly MatrixClaim[] = [
  {
    test: 'buys',
    claim: 'actions with what they acted on',
    check: (trace) => assert.deepEqual(trace.of('action').filter(({ step_id }) => step_id === 's5').map(({ api, locator }) => [api, locator]), [['page.goto', undefined], ['locator.click', "locator('#buy')"]]),
  },
  {
    test: 'buys',
    claim: 'assertions',
    check: (trace) => {
      assert.deepEqual(ASSERTIONS(trace), [['toHaveTitle', true, false, false], ['toHaveText', true, false, false]]);
      assert.equal(trace.of('assertion')[1]?.['locator'], "locator('#out')");
    },
  },
  { test: 'soft', claim: 'soft and negated assertions', check: (trace) => assert.deepEqual(ASSERTIONS(trace), [['toBe', false, false, true], ['toBe', true, true, false]]) },
  { test: 'buys', claim: 'attachments', check: (trace) => assert.deepEqual(trace.of('scenario.event').filter(({ name }) => name === 'attachment').map(({ title }) => title), ['note']) },
];
