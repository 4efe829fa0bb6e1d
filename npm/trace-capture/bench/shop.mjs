/** The example shop and its clone of Stripe as a server under test. */
import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SHOP = fileURLToPath(new URL('../../../examples/shop', import.meta.url));
/** The run of the clone, whose chaos rules a test of the suite sets by that name. */
const RUN = 'shop';

/** Builds both. */
export function buildShop() {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: SHOP, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Starts both; `env` is how the suite finds them. A run needs its own, since its customers are the same in each and one of them buys a plan. */
export async function startShop() {
  const env = { ...process.env, PORT: '0', CLONE_PORT: '0', CLONE_ADMIN_PORT: '0', SHOP_WEBHOOK_PATH: '/api/webhooks/stripe', MOLAR_CLONE_RUN: RUN };
  delete env['MOLAR_CLONE_STRIPE_URL'];
  const stack = spawn(process.execPath, ['scripts/start-stack.mjs'], { cwd: SHOP, env, stdio: ['ignore', 'pipe', 'ignore'] });
  const told = await new Promise((resolve, reject) => {
    stack.once('exit', (code) => reject(new Error(`the shop ended with ${code}`)));
    createInterface({ input: stack.stdout }).once('line', (line) => resolve(JSON.parse(line)));
  });
  const stop = async () => {
    const ended = new Promise((resolve) => stack.once('exit', resolve));
    stack.kill('SIGTERM');
    await ended;
  };
  return { env: { SHOP_URL: told.url, MOLAR_CLONE_RUN: RUN, MOLAR_CLONE_STRIPE_URL: told.stripe, MOLAR_CLONE_STRIPE_ADMIN_URL: told.stripe_admin }, stop };
}
