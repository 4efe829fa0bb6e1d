/** What a command costs: wall time, and the processor time of every process it starts, browsers and encoders included. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/** Control groups count what processes used that nobody waited for, such as Chromium's; both versions of them, where they are mounted. */
const GROUPS = [
  { root: '/sys/fs/cgroup', ms: (group) => Number(/^usage_usec (\d+)$/m.exec(readFileSync(join(group, 'cpu.stat'), 'utf8'))[1]) / 1e3 },
  { root: '/sys/fs/cgroup/unified', ms: (group) => Number(/^usage_usec (\d+)$/m.exec(readFileSync(join(group, 'cpu.stat'), 'utf8'))[1]) / 1e3 },
  { root: '/sys/fs/cgroup/cpuacct', ms: (group) => Number(readFileSync(join(group, 'cpuacct.usage'), 'utf8')) / 1e6 },
];
const LEAVE_MS = 5_000;
let made = 0;

/** Makes a group of its own, where that is allowed (root, as a rule). */
function makeGroup() {
  for (const { root, ms } of GROUPS) {
    if (!existsSync(join(root, 'cgroup.procs'))) continue;
    const path = join(root, `molar-bench-${process.pid}-${(made += 1)}`);
    try {
      mkdirSync(path);
      ms(path);
      return { path, ms: () => ms(path) };
    } catch {
      // Read-only, not ours, or one that does not count: the next one is tried.
      if (existsSync(path)) rmdirSync(path);
    }
  }
  return undefined;
}

/** Browsers leave a moment after the runner, and a group is removed when it is empty. */
async function removeGroup({ path }) {
  const until = Date.now() + LEAVE_MS;
  for (;;) {
    try {
      return rmdirSync(path);
    } catch (cause) {
      if (Date.now() > until) throw cause;
      await new Promise((done) => setTimeout(done, 20));
    }
  }
}

/** Runs a Node program to its end. `cpu_ms` is missing where no control group can be made. Throws with the output when it fails. */
export async function costOf(args, env, timeout_ms) {
  const group = makeGroup();
  const enter = group ? ['sh', ['-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', group.path, process.execPath, ...args]] : [process.execPath, args];
  const begunMs = performance.now();
  const child = spawn(...enter, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeout_ms });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  const wall_ms = performance.now() - begunMs;
  const cpu_ms = group?.ms();
  if (group) await removeGroup(group);
  if (code !== 0) throw new Error(`\`${args.join(' ')}\` ended with ${code}:\n${output}`);
  return { wall_ms, cpu_ms };
}
