import type { TestContext } from 'node:test';
import { startClone } from 'molar-example-stripe-clone';
import { startShop, type Shop } from '../../src/server/app.js';
import { configFromEnv } from '../../src/server/config.js';

export const PASSWORD = 'earl-grey';

/** A clone and a shop on free ports; both end with the test. */
export class Stack {
  readonly vendor: string;
  readonly admin: string;
  readonly shop: Shop;
  readonly #t: TestContext;

  private constructor(t: TestContext, clone: { vendor: string; admin: string }, shop: Shop) {
    this.#t = t;
    this.vendor = clone.vendor;
    this.admin = clone.admin;
    this.shop = shop;
  }

  static async start(t: TestContext, webhookPath = ''): Promise<Stack> {
    const clone = await startClone({
      vendorPort: 0, adminPort: 0, adminToken: undefined, seed: 'shop', maxSnapshotBytes: 1 << 24, runTtlMs: 3_600_000, webhookTimeoutMs: 2000,
    });
    t.after(() => clone.close());
    return new Stack(t, clone, await shopAt(t, `${clone.vendor}/t/run`, webhookPath));
  }

  /** Another shop, as after a restart, against another run of the same clone. */
  async restarted(run: string, webhookPath = '', port = 0): Promise<Stack> {
    return new Stack(this.#t, this, await shopAt(this.#t, `${this.vendor}/t/${run}`, webhookPath, port));
  }

  /** Items of a collection of the clone. */
  async items(collection: string, run = 'run'): Promise<Record<string, unknown>[]> {
    const response = await fetch(`${this.admin}/_clone/stripe/${collection}/${run}`);
    return ((await response.json()) as { items: Record<string, unknown>[] }).items;
  }

  /** Signs in and returns the session's `Cookie` header. */
  async signIn(email: string): Promise<string> {
    const response = await this.post('/login', new URLSearchParams({ email, password: PASSWORD }));
    return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  }

  get(path: string, cookie = ''): Promise<Response> {
    return fetch(this.shop.url + path, { headers: { cookie }, redirect: 'manual' });
  }

  post(path: string, body: URLSearchParams | FormData | object = {}, cookie = ''): Promise<Response> {
    const isForm = body instanceof URLSearchParams || body instanceof FormData;
    return fetch(this.shop.url + path, { method: 'POST', headers: { cookie }, body: isForm ? body : JSON.stringify(body), redirect: 'manual' });
  }
}

async function shopAt(t: TestContext, stripeUrl: string, webhookPath: string, port = 0): Promise<Shop> {
  const shop = await startShop(configFromEnv({ PORT: String(port), MOLAR_CLONE_STRIPE_URL: stripeUrl, SHOP_WEBHOOK_PATH: webhookPath }), () => undefined);
  t.after(() => shop.close());
  return shop;
}

/** Reads server-sent events until one satisfies, at most five seconds. */
export async function eventWhere(response: Response, holds: (data: string) => boolean): Promise<string> {
  const late = AbortSignal.timeout(5000);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (reader && !late.aborted) {
    const { value, done } = await Promise.race([reader.read(), new Promise<never>((_resolve, reject) => late.addEventListener('abort', () => reject(new Error(`no such event in \`${text}\``))))]);
    text += value ?? '';
    const found = [...text.matchAll(/^data: (.*)\n$/gm)].map((match) => match[1] ?? '').find(holds);
    if (found !== undefined) {
      await reader.cancel();
      return found;
    }
    if (done) break;
  }
  throw new Error(`no such event in \`${text}\``);
}

/** Waits, at most five seconds, until something holds. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
