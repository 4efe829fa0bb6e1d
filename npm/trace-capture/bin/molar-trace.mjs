#!/usr/bin/env node
// The `molar-trace` command. It is the addon's own, so that a project which records can also look into its traces.
import process from 'node:process';

try {
  const { runCli } = await import('@molar/trace-node');
  process.exitCode = await runCli(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`molar-trace: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
