import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { guarded, guardedAsync } from '../problems.js';
import type { Session } from '../session.js';
import { atMost } from '../wait.js';
import { Intake } from './intake.js';

/** The variable through which processes that a test starts find the endpoint. */
export const URL_VARIABLE = 'MOLAR_TRACE_EVENTS_URL';

const MAX_BODY = 4 * 1024 * 1024;
const REQUEST_MS = 5_000;
const LISTEN_MS = 2_000;
const TYPES = new Set(['application/x-ndjson', 'application/json', 'application/ndjson']);

interface Answer {
  readonly status: number;
  readonly body: object;
}

/**
 * Where the application under test and other processes send events of their own: a listener of this worker on the loopback
 * interface, known only to those who have its address with the random token in it. It answers no browser, because a
 * page under test is not trusted to write into the record of its own test.
 */
export class Endpoint {
  readonly #current: () => Session | undefined;
  readonly #token = randomBytes(24).toString('base64url');
  readonly #server: Server;
  #intake: { readonly session: Session; readonly intake: Intake } | undefined;
  #late = 0;
  #url = '';

  constructor(current: () => Session | undefined) {
    this.#current = current;
    this.#server = createServer((request, response) => void guardedAsync('an event from outside', async () => await this.#serve(request, response)));
    this.#server.requestTimeout = REQUEST_MS;
    this.#server.unref();
  }

  /** Begins to listen and says where in the environment. Whether it could. */
  async open(): Promise<boolean> {
    const listening = new Promise<boolean>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => resolve(true));
    });
    if (!(await atMost(LISTEN_MS, listening))) return false;
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${this.#token}`;
    process.env[URL_VARIABLE] = this.#url;
    return true;
  }

  /** The address, with its token; empty when nothing listens. */
  get url(): string {
    return this.#url;
  }

  close(): void {
    if (process.env[URL_VARIABLE] === this.#url) delete process.env[URL_VARIABLE];
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** A test begins: from here on events are its own. */
  testBegins(session: Session): void {
    this.#intake = { session, intake: new Intake(session, this.#late, Date.now()) };
    this.#late = 0;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = this.#refusal(request) ?? (await this.#take(request));
    const text = JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  }

  #refusal(request: IncomingMessage): Answer | undefined {
    const { headers, method, url = '' } = request;
    if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return refuse(403, 'browsers may not write into a trace');
    if (!`${this.#url}/`.startsWith(`http://${headers.host ?? ''}/`)) return refuse(403, 'this host name is not the endpoint\'s');
    if (!same(url.split('?')[0]?.slice(1) ?? '', this.#token)) return refuse(404, `the address has another token; it stands in ${URL_VARIABLE}`);
    if (method !== 'POST') return refuse(405, 'events are sent with POST');
    const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    return TYPES.has(type) ? undefined : refuse(415, 'send lines of JSON with `content-type: application/x-ndjson`');
  }

  async #take(request: IncomingMessage): Promise<Answer> {
    const text = await textOf(request);
    if (text === undefined) return refuse(413, `a request may have ${MAX_BODY} bytes; send several`);
    const dropped = Number(new URL(request.url ?? '', 'http://h').searchParams.get('dropped')) || 0;
    const session = this.#current();
    const mine = this.#intake;
    if (!session || session !== mine?.session || session.recorder.closed) {
      const late = text.split('\n').filter((line) => line.trim() !== '').length;
      this.#late += late + dropped;
      return { status: 202, body: { accepted: 0, refused: 0, late, dropped: 0, fault: 'no test is running' } };
    }
    const verdict = guarded('events from outside', () => mine.intake.take(text, Math.max(0, dropped), Date.now()));
    return verdict && (verdict.accepted > 0 || verdict.refused === 0) ? { status: 202, body: verdict } : { status: 422, body: verdict ?? {} };
  }
}

function refuse(status: number, fault: string): Answer {
  return { status, body: { fault } };
}

function same(given: string, token: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(token)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The body, or nothing when it is too long. The rest is read but not kept: a connection that is cut tells the sender nothing. */
async function textOf(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size <= MAX_BODY) parts.push(part);
    else parts.length = 0;
  }
  return size > MAX_BODY ? undefined : Buffer.concat(parts).toString('utf8');
}
