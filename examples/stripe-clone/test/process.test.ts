import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url));

test('the program prints one line with its addresses and ends on SIGTERM', async (t) => {
  const child = spawn(process.execPath, [MAIN], { env: { ...process.env, CLONE_PORT: '0', CLONE_ADMIN_PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { vendor, admin } = JSON.parse(line) as { vendor: string; admin: string };
  assert.equal((await fetch(`${vendor}/t/run/_clone/health`)).status, 200);
  assert.equal((await fetch(`${admin}/_clone/health`)).status, 200);
  assert.equal((await fetch(`${vendor}/_clone/snapshot/run/save`, { method: 'POST' })).status, 401, 'no admin calls on the vendor port');
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});
