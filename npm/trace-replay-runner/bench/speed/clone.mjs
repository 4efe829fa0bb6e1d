/** A Stripe simulator of its own, into which a replay restores the recorded state. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../support/replays.mjs';

export async function startClone() {
  const env = { ...process.env, CLONE_PORT: '0', CLONE_ADMIN_PORT: '0' };
  const clone = spawn(process.execPath, [join(ROOT, 'examples', 'stripe-clone', 'dist', 'src', 'main.js')], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise((resolve) => clone.once('exit', resolve));
  const { admin, vendor } = await new Promise((resolve, reject) => {
    clone.once('exit', (code) => reject(new Error(`the simulator ended with ${code}`)));
    createInterface({ input: clone.stdout }).once('line', (line) => resolve(JSON.parse(line)));
  });
  const stop = async () => {
    clone.kill('SIGTERM');
    await ended;
  };
  return { admin, vendor, stop };
}
