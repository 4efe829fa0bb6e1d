import type { Browser, BrowserContext, Page } from '@playwright/test';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import type { Call } from './calls/connection.js';
import { isAct } from './calls/memo.js';

/** How a browser is kept at the step that a replay begins at. */
export interface HoldOrder {
  /** Without a window. */
  readonly headless: boolean;
  /** A file that is written when the test may end. */
  readonly release: string;
}

/** Where another program can attach to the browser. */
export interface Address {
  readonly cdp: string;
  readonly websocket: string;
}

/** Longest the browser's address may take to answer. */
const ANSWER_MS = 10_000;
const LOOK_MS = 100;
const LAUNCHES = new Set(['launch', 'launchPersistentContext']);

/** Keeps a browser where it is until somebody lets it go, closes its last page, or ends it. */
export class Hold {
  readonly #order: HoldOrder;
  readonly #pages = new Set<Page>();
  #browser: Browser | undefined;
  #isHeld = false;
  #port: number | undefined;
  #until: Promise<never> | undefined;

  constructor(order: HoldOrder) {
    this.#order = order;
  }

  /** Whether the browser has come to the step; the test's end says nothing about it then. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Gives a browser that the test launches a window and an address to attach to, whatever its configuration says. */
  launching(call: Call): Promise<unknown> | undefined {
    return call.type === 'BrowserType' && LAUNCHES.has(call.method) ? this.#launch(call) : undefined;
  }

  async #launch({ params, proceed }: Call): Promise<unknown> {
    const { headless } = this.#order;
    const args = Array.isArray(params['args']) ? (params['args'] as readonly string[]) : [];
    // The browser does not tell which port it took, so it is told which one to take.
    this.#port = await freePort();
    Object.assign(params, { headless, args: [...args, `--remote-debugging-port=${this.#port}`] });
    // The shell without windows is a program of its own.
    if (!headless && String(params['channel']).endsWith('-headless-shell')) Reflect.deleteProperty(params, 'channel');
    return await proceed();
  }

  /** Where the browser can be had; nothing for one that the test did not launch. */
  async address(): Promise<Address | undefined> {
    if (this.#port === undefined) return undefined;
    const cdp = `http://127.0.0.1:${this.#port}`;
    try {
      const answer = await fetch(`${cdp}/json/version`, { signal: AbortSignal.timeout(ANSWER_MS) });
      const { webSocketDebuggerUrl: websocket } = (await answer.json()) as { readonly webSocketDebuggerUrl?: string };
      return websocket === undefined ? undefined : { cdp, websocket };
    } catch {
      // Somebody else took the port in between; the browser stands there all the same.
      return undefined;
    }
  }

  opened(context: BrowserContext): void {
    this.#browser = context.browser() ?? undefined;
    context.on('page', (page) => void this.#pages.add(page));
  }

  /** Rejects when the browser is let go, so that nothing more of the test is carried out. */
  async until(): Promise<never> {
    this.#isHeld = true;
    this.#until ??= this.#letGo();
    return await this.#until;
  }

  /** Keeps what the test does beside the step that is kept. */
  keeps(call: Call): Promise<never> | undefined {
    return this.#isHeld && !call.internal && isAct(call) ? this.until() : undefined;
  }

  async #letGo(): Promise<never> {
    await new Promise<void>((go) => {
      const timer = setInterval(() => {
        const isLeft = this.#pages.size > 0 && [...this.#pages].every((page) => page.isClosed());
        if (!isLeft && this.#browser?.isConnected() !== false && !existsSync(this.#order.release)) return;
        clearInterval(timer);
        go();
      }, LOOK_MS);
    });
    throw new Error('the browser was held at this step, and has been let go');
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
