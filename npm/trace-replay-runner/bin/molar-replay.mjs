#!/usr/bin/env node
// The `molar-replay` command. It is the addon's own; this file only says where the guest is that it sends into the worker.
import process from 'node:process';
import { fileURLToPath } from 'node:url';

try {
  const { runReplayCli } = await import('@molar/trace-node');
  if (typeof runReplayCli !== 'function') throw new Error('@molar/trace-node has no `runReplayCli`: install the release that belongs to this package');
  process.env.MOLAR_REPLAY_GUEST ??= fileURLToPath(new URL('../dist/guest.cjs', import.meta.url));
  process.exitCode = await runReplayCli(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`molar-replay: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
