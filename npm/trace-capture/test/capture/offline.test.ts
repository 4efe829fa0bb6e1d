import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canRecord, runSuite } from './suite.js';

describe('a server that is not there', { skip: !canRecord() }, () => {
  test('changes no verdict, and every trace waits whole in the spool', async () => {
    const run = await runSuite('cjs', { MOLAR_TRACE_URL: 'http://127.0.0.1:9', MOLAR_TRACE_KEY: 'molar_sk_not_a_real_key' }, ['-g', 'idle']);
    assert.equal(run.code, 0, run.output);
    assert.equal(run.traces.length, 4);
    for (const { events } of run.traces) assert.equal(events.at(-1)?.kind, 'run.end');
    assert.match(run.output, /4 traces are not on the server/);
  });
});
