#!/usr/bin/env node
// The `molar-replay` command. It is the addon's own, so that one binary decides what a replay does, whoever asks.
// `process` is not imported: that would open standard input without waiting, and the command, which reads it itself, takes that for its end.

// Whoever starts it from Node holds a channel to it, which breaks when he dies, also by SIGKILL; nobody waits for the replay then.
// A signal that comes just when a run begins or ends is not heard, so it is said again.
const ask = () => process.kill(process.pid, 'SIGTERM');
process.once('disconnect', () => {
  setInterval(ask, 1_000).unref();
  ask();
});
try {
  const { runReplayCli } = await import('@molar/trace-node');
  if (typeof runReplayCli !== 'function') throw new Error('@molar/trace-node has no `runReplayCli`: install the release that belongs to this package');
  // Node's own handlers raise the signal once more. The command calls the handlers that it finds before its own, and that one would never
  // come to an end. One that does nothing stands in their place.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
  process.exitCode = await runReplayCli(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`molar-replay: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  // Or the channel would keep this process.
  process.removeAllListeners('disconnect');
  if (process.connected) process.disconnect();
}
