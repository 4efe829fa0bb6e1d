import type { ApiAsked, ReplayHop } from '@molar/trace-capture';
import type { BrowserContext } from '@playwright/test';
import { quietly } from '../quietly.js';
import type { Replay } from '../replay.js';
import type { Hit } from '../source.js';
import { cookiesOf } from './cookies.js';
import type { Call } from './connection.js';
import { property } from './connection.js';
import type { SentBody } from './sent-body.js';
import { bodyOf } from './sent-body.js';

const PREFIX = 'molar-replay@';
const MOST_HOPS = 20;

interface Named {
  readonly name: string;
  readonly value: string;
}

/** An answer as Playwright's client takes it, and its body. */
interface Kept {
  readonly body: Buffer;
}

/**
 * Answers the requests that Playwright's own client makes (`request`, `page.request`). They leave from this process, where the
 * browser's interception does not see them.
 */
export class ApiRequests {
  readonly #replay: Replay;
  /** Tells the new trace of a request, which nobody else does: it is never sent. */
  readonly #asks: (asked: ApiAsked) => ReplayHop | undefined;
  readonly #bases = new WeakMap<object, string>();
  readonly #kept = new Map<string, Kept>();
  #base: string | undefined;
  #count = 0;

  constructor(replay: Replay, asks: (asked: ApiAsked) => ReplayHop | undefined) {
    this.#replay = replay;
    this.#asks = asks;
  }

  /** What addresses without an origin belong to, unless a context of requests says otherwise. */
  set base(url: string | undefined) {
    this.#base = url;
  }

  /** Answers a call when it is about such a request; nothing when it is none or is to go its way. */
  intercept(call: Call): Promise<unknown> | undefined {
    if (call.method === 'newRequest') return this.#noteBase(call);
    if (call.type !== 'APIRequestContext') return undefined;
    const uid = call.params['fetchUid'];
    if (typeof uid === 'string' && uid.startsWith(PREFIX)) return Promise.resolve(this.#about(call.method, uid));
    return call.method === 'fetch' ? this.#fetch(call) : undefined;
  }

  async #noteBase(call: Call): Promise<unknown> {
    const made = await call.proceed();
    const context = property(property(made, 'request'), '_object');
    const base = call.params['baseURL'];
    if (typeof base === 'string' && typeof context === 'object' && context !== null) this.#bases.set(context, base);
    return made;
  }

  #about(method: string, uid: string): unknown {
    if (method === 'fetchResponseBody') return { binary: this.#kept.get(uid)?.body };
    if (method === 'fetchLog') return { log: [] };
    this.#kept.delete(uid);
    return {};
  }

  #fetch(call: Call): Promise<unknown> | undefined {
    const url = addressOf(call.params, this.#baseOf(call.object));
    if (url === undefined || this.#replay.answerer(this.#replay.classOf(url), url) === 'live') return undefined;
    return this.#answer(call, url);
  }

  #baseOf(context: object): string | undefined {
    const own = property(property(property(context, '_parent'), '_options'), 'baseURL');
    return this.#bases.get(context) ?? (typeof own === 'string' ? own : this.#base);
  }

  async #answer(call: Call, first: string): Promise<unknown> {
    const sent = bodyOf(call.params);
    let url = first;
    let method = String(call.params['method'] ?? 'GET').toUpperCase();
    let body: SentBody | undefined = sent;
    const most = typeof call.params['maxRedirects'] === 'number' ? call.params['maxRedirects'] : MOST_HOPS;
    let hop: ReplayHop | undefined;
    for (let hops = 0; ; hops += 1) {
      const headers = [...((call.params['headers'] as readonly Named[] | undefined) ?? []).map(({ name, value }) => [name, value] as const), ...(body ? [['content-type', body.type] as const] : [])];
      const found = this.#replay.find({ method, url, headers, client: 'test', ...(body ? { body: body.data } : {}) });
      if (!found.hit) {
        if (this.#replay.answerer(this.#replay.classOf(url), url) === 'record-or-live') return await call.proceed();
        this.#replay.findings.miss(method, url, this.#replay.classOf(url), found.miss);
        throw new Error(`NETWORK_MISS: the record has no answer to ${method} ${url}, which the test's own client sent. Replay from an earlier step, or let its origin through with --passthrough`);
      }
      this.#replay.findings.hit(method, url, this.#replay.classOf(url), found.hit);
      const { answer } = found.hit;
      const asked: ApiAsked = { method, url, headers, body: body?.data };
      hop = hop ? hop.leadsTo(asked) : this.#asks(asked);
      if (answer.kind === 'failed') hop?.failed(answer.error);
      if (answer.kind !== 'response') throw new Error(answer.kind === 'failed' ? answer.error : `the record ends before ${method} ${url} was answered`);
      hop?.answered({ status: answer.status, statusText: answer.status_text ?? '', headers: answer.headers, body: this.#bodyOf(found.hit) });
      await this.#keepCookies(call, url, found.hit);
      const next = header(answer.headers, 'location');
      if (answer.status >= 300 && answer.status < 400 && next !== undefined && most > 0) {
        if (hops >= most) throw new Error(`Max redirect count exceeded`);
        url = new URL(this.#replay.replayed(next), url).href;
        if (answer.status !== 307 && answer.status !== 308 && method !== 'HEAD') {
          method = 'GET';
          body = undefined;
        }
        continue;
      }
      return this.#given(call, url, found.hit);
    }
  }

  #bodyOf({ answer, entry }: Hit): Buffer | undefined {
    return answer.kind === 'response' && answer.body === 'whole' ? (this.#replay.source.body(entry) ?? undefined) : undefined;
  }

  #given(call: Call, url: string, hit: Hit): unknown {
    const { answer } = hit;
    if (answer.kind !== 'response') return undefined;
    if (call.params['failOnStatusCode'] === true && answer.status >= 400) throw new Error(`${answer.status} ${answer.status_text ?? ''}`);
    const fetchUid = `${PREFIX}${(this.#count += 1)}`;
    this.#kept.set(fetchUid, { body: this.#bodyOf(hit) ?? Buffer.alloc(0) });
    return { response: { fetchUid, url, status: answer.status, statusText: answer.status_text ?? '', headers: answer.headers.map(([name, value]) => ({ name, value })) } };
  }

  /** Requests of a browser's context share its cookies. Those of a context of their own end with this replay's skipped part. */
  async #keepCookies({ object }: Call, url: string, { answer }: Hit): Promise<void> {
    const context = property(object, '_parent');
    if (answer.kind !== 'response' || property(context, '_type') !== 'BrowserContext') return;
    const cookies = answer.headers.filter(([name]) => name.toLowerCase() === 'set-cookie').flatMap(([, value]) => value.split('\n').flatMap((line) => cookiesOf(line, url)));
    if (cookies.length > 0) await quietly(context as BrowserContext, async () => await (context as BrowserContext).addCookies(cookies));
  }
}

function header(headers: readonly (readonly [string, string])[], wanted: string): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
}

function addressOf(params: Readonly<Record<string, unknown>>, base: string | undefined): string | undefined {
  try {
    const url = new URL(String(params['url']), base);
    const { encodedParams, params: pairs } = params;
    if (typeof encodedParams === 'string') url.search = encodedParams;
    for (const { name, value } of (pairs as readonly Named[] | undefined) ?? []) url.searchParams.append(name, value);
    return url.href;
  } catch {
    // Playwright says it in its own words.
    return undefined;
  }
}
