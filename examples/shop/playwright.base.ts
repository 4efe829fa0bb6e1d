import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium, type PlaywrightTestConfig } from '@playwright/test';

const SYSTEM_CHROMIUM = '/usr/bin/chromium';

/** What the configurations of this suite differ in. */
export interface SuiteOptions {
  /** Path under which Stripe is told to reach the shop; the environment's `SHOP_WEBHOOK_PATH` wins. */
  webhookPath: string;
}

/** Where the stack under test listens, and whether this run of the suite starts it. */
interface Stack { shopUrl: string; startsShop: boolean; startsClone: boolean; ports: { PORT: string; CLONE_PORT: string; CLONE_ADMIN_PORT: string } }

/** The suite's configuration, apart from what records it. */
export function shopSuite({ webhookPath }: SuiteOptions): PlaywrightTestConfig {
  const stack = stackOnce();
  const root = process.getuid?.() === 0;
  return {
    testDir: fileURLToPath(new URL('tests', import.meta.url)),
    outputDir: fileURLToPath(new URL('test-results', import.meta.url)),
    fullyParallel: true,
    workers: 2,
    retries: 0,
    timeout: 30_000,
    expect: { timeout: 5000 },
    reporter: [['list']],
    use: {
      baseURL: stack.shopUrl,
      browserName: 'chromium',
      viewport: { width: 1280, height: 800 },
      launchOptions: {
        ...browserPath(),
        // Chromium refuses its sandbox to root; the rest keeps it from calling home.
        args: [...(root ? ['--no-sandbox'] : []), '--disable-background-networking', '--disable-quic', '--no-first-run', '--disable-component-update', '--disable-sync'],
      },
    },
    ...(stack.startsShop ? { webServer: webServer(stack, process.env['SHOP_WEBHOOK_PATH'] || webhookPath) } : {}),
  };
}

/** The Chromium that `MOLAR_CHROMIUM` names, else Playwright's own, else the system's where Playwright's is missing. */
function browserPath(): { executablePath?: string } {
  const named = process.env['MOLAR_CHROMIUM'];
  if (named) return { executablePath: named };
  return !existsSync(chromium.executablePath()) && existsSync(SYSTEM_CHROMIUM) ? { executablePath: SYSTEM_CHROMIUM } : {};
}

function webServer(stack: Stack, webhookPath: string): NonNullable<PlaywrightTestConfig['webServer']> {
  return {
    command: 'node scripts/start-stack.mjs',
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    url: `${stack.shopUrl}/healthz`,
    env: {
      ...stack.ports,
      SHOP_WEBHOOK_PATH: webhookPath,
      // A clone of ours is announced to the workers below, but the stack has yet to start it.
      ...(stack.startsClone ? { MOLAR_CLONE_STRIPE_URL: '', MOLAR_CLONE_STRIPE_ADMIN_URL: '' } : {}),
    },
    reuseExistingServer: false,
    timeout: 30_000,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5000 },
    stdout: 'ignore',
    stderr: process.env['SHOP_LOG'] ? 'pipe' : 'ignore',
  };
}

/**
 * Decides once per run of the suite; workers load this file again and find the decision in their environment, together
 * with the addresses of the clone under which a recorder finds its state.
 */
function stackOnce(): Stack {
  const decided = process.env['SHOP_STACK'];
  if (decided) return JSON.parse(decided) as Stack;
  const free = freePorts(3);
  // A replay asks for the recorded port, since what a browser stores belongs to an origin and the port is part of it.
  const [PORT, CLONE_PORT, CLONE_ADMIN_PORT] = ['SHOP_PORT', 'CLONE_PORT', 'CLONE_ADMIN_PORT'].map((name, i) => process.env[name] || free[i]);
  if (!PORT || !CLONE_PORT || !CLONE_ADMIN_PORT) throw new Error('found no free ports');
  const shopUrl = process.env['SHOP_URL'];
  const startsClone = !shopUrl && !process.env['MOLAR_CLONE_STRIPE_URL'];
  const stack: Stack = { shopUrl: shopUrl ?? `http://127.0.0.1:${PORT}`, startsShop: !shopUrl, startsClone, ports: { PORT, CLONE_PORT, CLONE_ADMIN_PORT } };
  if (startsClone) process.env['MOLAR_CLONE_STRIPE_ADMIN_URL'] = `http://127.0.0.1:${CLONE_ADMIN_PORT}`;
  const vendorUrl = process.env['MOLAR_CLONE_STRIPE_URL'] || `http://127.0.0.1:${CLONE_PORT}`;
  // Each run of the suite has its own state in the clone; an address that names a run already is taken as it is.
  process.env['MOLAR_CLONE_RUN'] ??= `shop-${Date.now().toString(36)}`;
  process.env['MOLAR_CLONE_STRIPE_URL'] = vendorUrl.includes('/t/') ? vendorUrl : `${vendorUrl}/t/${process.env['MOLAR_CLONE_RUN']}`;
  process.env['SHOP_STACK'] = JSON.stringify(stack);
  return stack;
}

/** Ports that are free now. A configuration is evaluated synchronously, so a child process does the listening. */
function freePorts(count: number): string[] {
  const program = `
    const servers = Array.from({ length: ${count} }, () => require('net').createServer().listen(0, '127.0.0.1'));
    Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve)))).then(() => {
      console.log(servers.map((server) => server.address().port).join(' '));
      servers.forEach((server) => server.close());
    });`;
  return execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }).trim().split(' ');
}
