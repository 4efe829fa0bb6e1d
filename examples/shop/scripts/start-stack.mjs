/**
 * Starts a Stripe clone and the shop, waits until both answer, and stops both when it is told to stop.
 *
 * PORT, CLONE_PORT, CLONE_ADMIN_PORT choose ports (0 or unset: free ones). When MOLAR_CLONE_STRIPE_URL is set, that
 * clone is used and none is started. MOLAR_CLONE_RUN names the clone's run for a clone started here.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 3000;
const children = [];

/** Starts a Node program and resolves to the JSON line with which it says where it listens. */
function start(program, env) {
  const path = fileURLToPath(new URL(program, import.meta.url));
  if (!existsSync(path)) throw new Error(`\`${path}\` is missing: run \`npm run build\` in examples/shop first`);
  const child = spawn(process.execPath, [path], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`\`${program}\` did not start within ${START_TIMEOUT_MS} ms`)), START_TIMEOUT_MS);
    child.once('exit', (code) => reject(new Error(`\`${program}\` ended with code ${code}`)));
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(timer);
      resolve(JSON.parse(line));
    });
  });
}

/** Ends one child, first politely. */
function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

let stopping = false;
async function stop(code) {
  if (stopping) return;
  stopping = true;
  // The shop first: it may still be talking to the clone.
  for (const child of [...children].reverse()) await end(child);
  process.exit(code);
}
process.on('SIGTERM', () => void stop(0));
process.on('SIGINT', () => void stop(0));

try {
  let stripeUrl = process.env.MOLAR_CLONE_STRIPE_URL;
  let adminUrl = process.env.MOLAR_CLONE_STRIPE_ADMIN_URL;
  if (!stripeUrl) {
    const clone = await start('../../stripe-clone/dist/src/main.js', {});
    stripeUrl = `${clone.vendor}/t/${process.env.MOLAR_CLONE_RUN || 'shop'}`;
    adminUrl = clone.admin;
  }
  const shop = await start('../dist/src/server/main.js', { MOLAR_CLONE_STRIPE_URL: stripeUrl, MOLAR_CLONE_STRIPE_ADMIN_URL: adminUrl ?? '' });
  const health = await fetch(`${shop.url}/healthz`);
  if (!health.ok) throw new Error(`the shop answers its health check with ${health.status}`);
  process.stdout.write(`${JSON.stringify({ url: shop.url, stripe: stripeUrl, stripe_admin: adminUrl })}\n`);
  for (const child of children) child.once('exit', (code) => void stop(code ?? 1));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  await stop(1);
}
