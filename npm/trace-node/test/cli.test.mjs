import assert from 'node:assert/strict';
import { test } from 'node:test';
import { child, modulePath } from './support.mjs';

test('the command runs in process and tells its exit code', async () => {
  const cases = [
    [['--help'], 0, /recover/],
    [['no-such-command'], 2, /^exit 2$/m],
  ];
  for (const [args, code, output] of cases) {
    const { exited } = child(`const { runCli } = await import(${JSON.stringify(modulePath)}); console.log('exit', await runCli(${JSON.stringify(args)}));`);
    const result = await exited;
    assert.match(result.output, output);
    assert.match(result.output, new RegExp(`^exit ${code}$`, 'm'));
  }
});
