import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readVault } from '../dist/index.js';
import { child, modulePath, openRecorder, privateRoot, readBack } from './support.mjs';

const command = (args, run = 'runCli') => child(`const { ${run} } = await import(${JSON.stringify(modulePath)}); console.log('exit', await ${run}(${JSON.stringify(args)}));`).exited;

test('the commands run in process and tell their exit code', async () => {
  const cases = [
    ['runCli', ['--help'], 0, /recover/],
    ['runCli', ['no-such-command'], 2, /^exit 2$/m],
    ['runReplayCli', ['run', '--help'], 0, /--from-step/],
    ['runReplayCli', ['run', '--trace', 'none', '--from-step', '1'], 2, /^exit 2$/m],
  ];
  for (const [run, args, code, output] of cases) {
    const result = await command(args, run);
    assert.match(result.output, output);
    assert.match(result.output, new RegExp(`^exit ${code}$`, 'm'));
  }
});

/** A finished trace with a token that the rules know and a word that they do not. */
async function secretive(t) {
  const root = privateRoot(t);
  const recorder = openRecorder(t, { root });
  recorder.append('network.request', { request_id: 'r1', method: 'GET', url: '/', resource_type: 'fetch', headers: [['authorization', 'Bearer canary0canary0canary0']] });
  recorder.append('console.log', { level: 'log', text: 'the plan is Blue-Ocean' });
  const { report } = await readBack(recorder);
  return { root, dir: report.dir };
}

test('the vault is read with its key, and the command reveals values only when asked', async (t) => {
  const { root, dir } = await secretive(t);
  const secrets = readVault(dir, join(root, 'vault.key'));
  assert.deepEqual(secrets.map(({ kind, json }) => [kind, json]), [['bearer', '"canary0canary0canary0"']]);
  const listed = await command(['--root', root, 'vault', 'ls', dir]);
  assert.match(listed.output, /^bearer:1 +23 bytes$/m);
  assert.ok(!listed.output.includes('canary0'));
  assert.match((await command(['--root', root, 'vault', 'ls', dir, '--reveal'])).output, /canary0canary0/);
});

test('scrub takes a value out, shows it nowhere and refuses it on the command line', async (t) => {
  const { root, dir } = await secretive(t);
  const file = join(root, 'value.txt');
  writeFileSync(file, 'Blue-Ocean\n');
  const refused = await command(['--root', root, 'scrub', dir, '--value', 'Blue-Ocean']);
  assert.match(refused.output, /^exit 2$/m);
  const planned = await command(['--root', root, 'scrub', dir, '--value-file', file, '--dry-run']);
  assert.match(planned.output, /would change 1 places in 1 lines/);
  const done = await command(['--root', root, 'scrub', dir, '--value-file', file]);
  assert.match(done.output, /changed 1 places in 1 lines and 0 blobs/);
  const left = await command(['--root', root, 'cat', dir]);
  assert.match(left.output, /the plan is \[REDACTED:scrubbed:2\]/);
  for (const { output } of [refused, planned, done, left]) assert.ok(!output.includes('Blue-Ocean'));
  assert.ok(!readFileSync(join(dir, 'summary.json'), 'utf8').includes('Blue-Ocean'));
});
