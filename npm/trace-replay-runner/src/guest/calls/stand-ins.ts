import type { Frame, Page } from '@playwright/test';
import type { Replay } from '../replay.js';
import type { Exchange, Exchanges, HeaderPairs } from './exchanges.js';

/**
 * A request out of the record, as Playwright's `Request` has it. What of it belongs to the browser that is gone (sizes, timings) says so.
 */
export class RecordedRequest {
  readonly #exchange: Exchange;
  readonly #backing: Backing;
  #response: RecordedResponse | undefined;

  constructor(exchange: Exchange, backing: Backing) {
    this.#exchange = exchange;
    this.#backing = backing;
  }

  url(): string { return this.#backing.replay.replayed(this.#exchange.url); }
  method(): string { return this.#exchange.method; }
  resourceType(): string { return this.#exchange.resourceType; }
  isNavigationRequest(): boolean { return this.#exchange.resourceType === 'document'; }
  headers(): { [name: string]: string } { return asObject(this.#exchange.headers); }
  async allHeaders(): Promise<{ [name: string]: string }> { return this.headers(); }
  async headersArray(): Promise<{ name: string; value: string }[]> { return asArray(this.#exchange.headers); }
  async headerValue(name: string): Promise<string | null> { return valueOf(this.#exchange.headers, name); }
  postData(): string | null { return this.#exchange.body ?? null; }
  postDataBuffer(): Buffer | null { return this.#exchange.body === undefined ? null : Buffer.from(this.#exchange.body); }
  postDataJSON(): unknown {
    const { body } = this.#exchange;
    if (body === undefined) return null;
    const isForm = valueOf(this.#exchange.headers, 'content-type')?.startsWith('application/x-www-form-urlencoded');
    return isForm ? Object.fromEntries(new URLSearchParams(body)) : JSON.parse(body);
  }
  failure(): { errorText: string } | null { return this.#exchange.failure ? { errorText: this.#exchange.failure.error } : null; }
  frame(): Frame { return this.#backing.page.mainFrame(); }
  serviceWorker(): null { return null; }
  redirectedFrom(): RecordedRequest | null {
    const from = this.#backing.exchanges.all.find(({ id }) => id === this.#exchange.redirectedFrom);
    return from ? new RecordedRequest(from, this.#backing) : null;
  }
  redirectedTo(): RecordedRequest | null {
    const to = this.#backing.exchanges.all.find(({ redirectedFrom }) => redirectedFrom === this.#exchange.id);
    return to ? new RecordedRequest(to, this.#backing) : null;
  }
  existingResponse(): RecordedResponse | null { return this.#answer(); }
  async response(): Promise<RecordedResponse | null> { return this.#answer(); }

  #answer(): RecordedResponse | null {
    if (!this.#exchange.answer) return null;
    this.#response ??= new RecordedResponse(this.#exchange, this.#backing);
    return this.#response;
  }
}

/** An answer out of the record, as Playwright's `Response` has it. */
export class RecordedResponse {
  readonly #exchange: Exchange;
  readonly #backing: Backing;

  constructor(exchange: Exchange, backing: Backing) {
    this.#exchange = exchange;
    this.#backing = backing;
  }

  url(): string { return this.#backing.replay.replayed(this.#exchange.url); }
  status(): number { return this.#exchange.answer?.status ?? 0; }
  statusText(): string { return this.#exchange.answer?.statusText ?? ''; }
  ok(): boolean { return this.status() === 0 || (this.status() >= 200 && this.status() <= 299); }
  headers(): { [name: string]: string } { return asObject(this.#headers()); }
  async allHeaders(): Promise<{ [name: string]: string }> { return this.headers(); }
  async headersArray(): Promise<{ name: string; value: string }[]> { return asArray(this.#headers()); }
  async headerValue(name: string): Promise<string | null> { return valueOf(this.#headers(), name); }
  async headerValues(name: string): Promise<string[]> { return this.#headers().filter(([one]) => one.toLowerCase() === name.toLowerCase()).map(([, value]) => value); }
  async finished(): Promise<null> { return null; }
  frame(): Frame { return this.#backing.page.mainFrame(); }
  request(): RecordedRequest { return new RecordedRequest(this.#exchange, this.#backing); }
  fromServiceWorker(): boolean { return false; }
  async serverAddr(): Promise<null> { return null; }
  async securityDetails(): Promise<null> { return null; }
  async text(): Promise<string> { return (await this.body()).toString('utf8'); }
  async json(): Promise<unknown> { return JSON.parse(await this.text()); }
  async body(): Promise<Buffer> {
    const hit = this.#backing.exchanges.hit(this.#exchange);
    const body = hit ? this.#backing.exchanges.body(hit) : undefined;
    if (!body && hit?.answer.kind === 'response' && hit.answer.body === 'none') return Buffer.alloc(0);
    if (!body) throw this.#backing.left(`the test reads the body of ${this.#exchange.method} ${this.url()}, which the record does not have`);
    return body;
  }

  #headers(): HeaderPairs {
    const hit = this.#backing.exchanges.hit(this.#exchange);
    return hit?.answer.kind === 'response' ? hit.answer.headers : (this.#exchange.answer?.headers ?? []);
  }
}

/** Where stand-ins take what they are asked. */
export interface Backing {
  readonly replay: Replay;
  readonly exchanges: Exchanges;
  readonly page: Page;
  /** The skipped steps need what is not there. */
  left(message: string): Error;
}

function asObject(headers: HeaderPairs): { [name: string]: string } {
  return Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
}

function asArray(headers: HeaderPairs): { name: string; value: string }[] {
  return headers.map(([name, value]) => ({ name, value }));
}

function valueOf(headers: HeaderPairs, wanted: string): string | null {
  return headers.find(([name]) => name.toLowerCase() === wanted.toLowerCase())?.[1] ?? null;
}
