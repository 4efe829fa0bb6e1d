import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import Stripe from 'stripe';
import type { JsonObject } from '../../src/canonical-json.js';
import { type Clone, startClone } from '../../src/clone.js';
import { type CloneConfig, configFromEnv } from '../../src/config.js';

export const SNAPSHOT = 'application/vnd.molar.clone-snapshot+gzip';

/** A clone on free ports that ends with the test, and the calls that tests make. */
export class Harness {
  readonly clone: Clone;

  constructor(clone: Clone) {
    this.clone = clone;
  }

  static async start(t: TestContext, config: Partial<CloneConfig> = {}): Promise<Harness> {
    const clone = await startClone({ ...configFromEnv({}), ...config });
    t.after(() => clone.close());
    return new Harness(clone);
  }

  /** The official client, whose API key says which run it belongs to. */
  stripe(run: string): Stripe {
    const url = new URL(this.clone.vendor);
    return new Stripe(`sk_test_${run}`, { host: url.hostname, port: url.port, protocol: 'http', maxNetworkRetries: 0, telemetry: false });
  }

  /** One admin call; bodies that are no buffer go as JSON. */
  async admin(method: string, path: string, body?: JsonObject | Buffer, headers: Record<string, string> = {}): Promise<Answer> {
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': Buffer.isBuffer(body) ? SNAPSHOT : 'application/json' };
    const response = await fetch(this.clone.admin + path, {
      method, headers: { ...type, ...headers }, ...(body === undefined ? {} : { body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return { status: response.status, headers: response.headers, bytes, body: isJson ? (JSON.parse(bytes.toString('utf8')) as JsonObject) : {} };
  }

  /** The run's summary digest. */
  async digest(run: string): Promise<string> {
    return String((await this.admin('GET', `/_clone/stripe/${run}`)).body['digest']);
  }

  /** Items of a collection. */
  async items(run: string, collection: string): Promise<JsonObject[]> {
    return (await this.admin('GET', `/_clone/stripe/${collection}/${run}`)).body['items'] as JsonObject[];
  }

  /** A snapshot's bytes with the digest header that came along. */
  async save(run: string): Promise<{ bytes: Buffer; digest: string }> {
    const { bytes, headers } = await this.admin('POST', `/_clone/snapshot/${run}/save`);
    return { bytes, digest: headers.get('digest') ?? '' };
  }

  /** Restores by path and raw body. */
  restore(run: string, { bytes, digest }: { bytes: Buffer; digest: string }, headers: Record<string, string> = {}): Promise<Answer> {
    return this.admin('POST', `/_clone/snapshot/${run}/restore`, bytes, { digest, ...headers });
  }
}

export interface Answer { status: number; headers: Headers; bytes: Buffer; body: JsonObject }

/** What a webhook receiver saw. */
export interface Received { body: string; signature: string }

/** A receiver whose answers a test chooses; it ends with the test. */
export async function receiver(t: TestContext, statusFor: (n: number) => number): Promise<{ url: string; seen: Received[] }> {
  const seen: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      seen.push({ body: Buffer.concat(parts).toString('utf8'), signature: String(request.headers['stripe-signature']) });
      response.writeHead(statusFor(seen.length)).end('noted');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, seen };
}

/** Waits, at most five seconds, until something holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(10);
  }
}
