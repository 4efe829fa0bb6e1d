import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { canRecord, runSuite } from './suite.js';

describe('a worker that is killed', { skip: !canRecord() }, () => {
  test('leaves a trace that can be read, and the next run finishes it', async () => {
    const root = mkdtempSync(join(tmpdir(), 'molar-killed-'));
    const killed = await runSuite('killed', { MOLAR_TRACE_DIR: root });
    assert.equal(killed.code, 1, killed.output);
    const left = killed.trace('killed');
    assert.ok(left.of('step.end').length > 0);
    assert.equal(left.of('run.end').length, 0);
    const next = await runSuite('cjs', { MOLAR_TRACE_DIR: root }, ['-g', 'no browser']);
    assert.equal(next.trace('killed').events.at(-1)?.['status'], 'aborted');
    rmSync(root, { recursive: true, force: true });
  });

  test('a server that is not there costs a test little', async () => {
    const startedAt = Date.now();
    const run = await runSuite('cjs', { MOLAR_TRACE_URL: 'http://127.0.0.1:9', MOLAR_TRACE_KEY: 'molar_sk_not_a_real_key' }, ['-g', 'idle']);
    assert.equal(run.code, 0, run.output);
    assert.equal(run.traces.length, 4);
    // Four waits at full length are 10 s beside a start of some 4 s; only the first may be one.
    assert.ok(Date.now() - startedAt < 11_000, `took ${Date.now() - startedAt} ms`);
  });
});
