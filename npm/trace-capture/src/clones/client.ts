import type { CloneOptions } from '../options/index.js';

const TIMEOUT_MS = 3_000;
const MAX_BYTES = 100 * 1024 * 1024;
const SNAPSHOT_TYPE = 'application/vnd.molar.clone-snapshot+gzip';

/** A Clone answered with something else than what was asked for, or is no Clone at all. */
export class CloneError extends Error {
  readonly status: number | undefined;

  constructor(message: string, status?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CloneError';
    this.status = status;
  }
}

/** Whether what failed only took too long, so that there may well be an answer the next time. */
export function isLate(cause: unknown): boolean {
  const inner = cause instanceof CloneError ? cause.cause : cause;
  return inner instanceof Error && inner.name === 'TimeoutError';
}

/** One answer of a clone. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** What a clone says about itself. */
export interface Health {
  readonly kind?: string;
  readonly version?: string;
  readonly features?: readonly string[];
  /** Vendor requests and deliveries under way. */
  readonly in_flight?: number;
}

/** The summary of a run's state. */
export interface Summary {
  readonly epoch?: number;
  readonly rev?: number;
  readonly digest?: string;
  readonly clock_ms?: number;
  /** Digest of the seed the run began with; the seed itself is a secret. */
  readonly seed_digest?: string;
  readonly collections?: Readonly<Record<string, { readonly count?: number; readonly digest?: string }>>;
}

/** A clone's clock. */
export interface Clock {
  readonly clock?: number;
  readonly clock_ms?: number;
  readonly mode?: string;
  readonly offset_ms?: number;
}

/** Something a clone tells about itself beside its state. */
export interface LogEntry {
  readonly seq: number;
  readonly at_ms?: number;
  readonly type: string;
  readonly [name: string]: unknown;
}

/** The admin interface of one clone, as far as recording reads it. Every call is bounded. */
export class CloneClient {
  readonly kind: string;
  readonly name: string;
  readonly run: string;
  readonly #base: string;
  readonly #token: string | undefined;
  #bodyForm = false;

  constructor({ kind, name, admin, run, token }: CloneOptions) {
    this.kind = kind;
    this.name = name ?? kind;
    this.run = run;
    this.#base = admin.replace(/\/+$/, '').replace(/\/_clone$/, '');
    this.#token = token;
  }

  /** Makes sure that this is a clone and not a live vendor, before anything is ever written to it. */
  async health(): Promise<Health> {
    const answer = await this.#call('GET', '/_clone/health');
    if (!answer.headers.get('x-molar-clone')) throw new CloneError(`${this.#base} does not say \`X-Molar-Clone\`, so it is left alone`);
    return json(answer) as Health;
  }

  /** The state's summary, or `undefined` when it has not changed since `etag`. */
  async summary(etag: string | undefined): Promise<{ readonly summary: Summary; readonly etag: string | undefined } | undefined> {
    const headers = etag === undefined ? {} : { 'if-none-match': etag };
    const answer = await this.#call('GET', `/_clone/${encodeURIComponent(this.kind)}/${encodeURIComponent(this.run)}`, headers);
    if (answer.status === 304) return undefined;
    return { summary: json(answer) as Summary, etag: answer.headers.get('etag') ?? undefined };
  }

  /** All items of a collection. */
  async items(collection: string): Promise<readonly unknown[]> {
    const items: unknown[] = [];
    let cursor: string | undefined;
    do {
      const query = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
      const path = `/_clone/${encodeURIComponent(this.kind)}/${collection.split('/').map(encodeURIComponent).join('/')}/${encodeURIComponent(this.run)}${query}`;
      const page = json(await this.#call('GET', path)) as { items?: readonly unknown[]; next_cursor?: string };
      items.push(...(page.items ?? []));
      cursor = page.next_cursor;
    } while (cursor !== undefined);
    return items;
  }

  async clock(): Promise<Clock> {
    return json(await this.#call('GET', `/_clone/clock?run=${encodeURIComponent(this.run)}`)) as Clock;
  }

  /** What happened after an entry, oldest first. */
  async log(after: number): Promise<readonly LogEntry[]> {
    const answer = json(await this.#call('GET', `/_clone/events?run=${encodeURIComponent(this.run)}&after=${after}`)) as { events?: readonly LogEntry[] };
    return answer.events ?? [];
  }

  async pause(): Promise<void> {
    await this.#call('POST', '/_clone/clock/pause', {}, { run: this.run });
  }

  async resume(): Promise<void> {
    await this.#call('POST', '/_clone/clock/resume', {}, { run: this.run });
  }

  /** The whole world of the run, packed. Clones of the body form are remembered as such. */
  async save(): Promise<Answer> {
    const accept = { accept: SNAPSHOT_TYPE };
    if (!this.#bodyForm) {
      const answer = await this.#call('POST', `/_clone/snapshot/${encodeURIComponent(this.run)}/save`, accept, {}, [404, 405]);
      if (answer.status < 300) return answer;
      this.#bodyForm = true;
    }
    return await this.#call('POST', '/_clone/snapshot/save', accept, { run: this.run });
  }

  async #call(method: string, path: string, headers: Readonly<Record<string, string>> = {}, body?: object, allowed: readonly number[] = []): Promise<Answer> {
    const init = {
      method,
      headers: { ...headers, 'x-molar-run': this.run, ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}), ...(body ? { 'content-type': 'application/json' } : {}) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body ? { body: JSON.stringify(body) } : {}),
    };
    const response = await this.#fetch(path, init);
    const size = Number(response.headers.get('content-length') ?? 0);
    if (size > MAX_BYTES) throw new CloneError(`${method} ${path} answered ${size} bytes, more than is read`, 413);
    const answer = { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
    if (!response.ok && response.status !== 304 && !allowed.includes(response.status)) throw new CloneError(`${method} ${path} answered ${response.status}`, response.status);
    return answer;
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(`${this.#base}${path}`, init);
    } catch (cause) {
      throw new CloneError(isLate(cause) ? `${this.#base} did not answer within ${TIMEOUT_MS} ms` : `${this.#base} cannot be reached`, undefined, cause);
    }
  }
}

function json(answer: Answer): unknown {
  try {
    return JSON.parse(answer.body.toString('utf8')) as unknown;
  } catch (cause) {
    throw new CloneError('the clone did not answer JSON', answer.status, cause);
  }
}
