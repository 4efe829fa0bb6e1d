import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { MatrixClaim } from './matrix-claims.js';
import { PAGE_CLAIMS, STEP_CLAIMS } from './matrix-claims.js';
import type { SuiteRun } from './suite.js';
import { canRecord, runSuite } from './suite.js';

/** What stand-ins for public functions can tell besides steps and pages. */
const MORE: readonly MatrixClaim[] = [
  {
    test: 'buys',
    claim: 'actions with what they acted on',
    check: (trace) => assert.deepEqual(trace.of('action').filter(({ step_id }) => step_id === 's5').map(({ api, locator }) => [api, locator]), [['page.goto', undefined], ['locator.click', "locator('#buy')"]]),
  },
  { test: 'buys', claim: 'attachments', check: (trace) => assert.deepEqual(trace.of('scenario.event').filter(({ name }) => name === 'attachment').map(({ title }) => title), ['note']) },
  { test: 'buys', claim: 'that it knows less', check: (trace) => assert.ok(trace.of('capture.notice').some(({ code }) => code === 'hooks.public')) },
];

describe('without anything of Playwright that is not public', { skip: !canRecord() }, () => {
  let run: SuiteRun;
  before(async () => {
    run = await runSuite('matrix', { MOLAR_TRACE_PUBLIC_HOOKS: '1' });
    assert.match(run.output, /1 failed[\s\S]*4 passed/);
  });

  for (const { test: title, claim, check } of [...STEP_CLAIMS, ...PAGE_CLAIMS, ...MORE]) test(`${title}: ${claim}`, () => check(run.trace(title)));

  test('the `expect` of this package tells of its assertions', async () => {
    const imported = await runSuite('imported', { MOLAR_TRACE_PUBLIC_HOOKS: '1' });
    assert.equal(imported.code, 0, imported.output);
    const assertions = imported.trace('imported').of('assertion').map((event) => [event['name'], event['pass'], event['negated'] ?? false, event['soft'] ?? false, event['expected']]);
    assert.deepEqual(assertions, [['toHaveURL', true, false, false, 'about:blank'], ['toBe', true, true, true, 2]]);
  });
});
