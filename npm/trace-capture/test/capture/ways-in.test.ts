import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canRecord, runSuite } from './suite.js';

describe('ways to attach', { skip: !canRecord() }, () => {
  test('a CommonJS config and spec', async () => {
    const run = await runSuite('cjs');
    assert.equal(run.code, 0, run.output);
    assert.deepEqual(run.trace('plain').of('assertion').map(({ name }) => name), ['toHaveURL']);
    assert.deepEqual(run.trace('no browser').of('step.end').find(({ step_id }) => step_id === 's1')?.['value'], 42);
  });

  test('a spec that imports our `test`, with options and events of its own', async () => {
    const run = await runSuite('imported');
    assert.equal(run.code, 0, run.output);
    const trace = run.trace('imported');
    assert.deepEqual(trace.of('agent.thought').map(({ text }) => text), ['from the module', 'from the fixture']);
    assert.equal(trace.of('screenshot').length, 0);
    assert.equal(trace.of('run.end').length, 1);
    assert.match(run.output, /`run.end` is not a kind a test can append/);
  });

  test('switched off, nothing is written', async () => {
    const run = await runSuite('cjs', { MOLAR_TRACE: '0' });
    assert.equal(run.code, 0, run.output);
    assert.equal(run.traces.length, 0);
  });
});
