#!/usr/bin/env node
// The `molar-replay` command. It is the addon's own, so that one binary decides what a replay does, whoever asks.
import process from 'node:process';

try {
  const { runReplayCli } = await import('@molar/trace-node');
  if (typeof runReplayCli !== 'function') throw new Error('@molar/trace-node has no `runReplayCli`: install the release that belongs to this package');
  process.exitCode = await runReplayCli(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`molar-replay: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
