import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runSuite } from './suite.js';

const BREAK = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'test', 'fixtures', 'shared', 'break-recorder.cjs');

/** A way for the recorder to be broken, and what the runner is allowed to say about it. */
const WAYS: readonly { readonly how: string; readonly says: RegExp; readonly times: number }[] = [
  { how: 'missing', says: /NOTHING IS RECORDED/, times: 1 },
  { how: 'constructor', says: /opening a trace: broken on purpose/, times: 1 },
  { how: 'methods', says: /the record has gaps, the tests are unaffected/, times: 1 },
  { how: 'hang', says: /not done within/, times: 1 },
];

for (const { how, says, times } of WAYS) {
  test(`a recorder broken by \`${how}\` changes no verdict`, async () => {
    const run = await runSuite('cjs', { MOLAR_TEST_BREAK: how, NODE_OPTIONS: `--require ${BREAK}` });
    assert.equal(run.code, 0, run.output);
    assert.match(run.output, /6 passed/);
    assert.equal(run.output.match(new RegExp(says, 'g'))?.length, times, run.output);
  });
}
