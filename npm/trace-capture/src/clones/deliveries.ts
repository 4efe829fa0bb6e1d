import { property } from '../playwright/privates.js';
import type { Session } from '../session.js';
import type { Payload } from '../values.js';

const COLLECTION = 'webhook_deliveries';

/**
 * Webhooks travel from the clone to the application, where no browser sees them. The clone keeps a log of what it was
 * answered; each new entry becomes a request and a response of the trace, so that a 404 is seen where one looks for it.
 */
export class Deliveries {
  readonly #session: Session;
  readonly #clone: string;
  readonly #seen = new Set<string>();
  #first = true;

  constructor(session: Session, clone: string) {
    this.#session = session;
    this.#clone = clone;
  }

  /** The run does not exist yet, so whatever its state will hold was delivered during this test. */
  startEmpty(): void {
    this.#first = false;
  }

  /** Compares a state with the one before. What the first state holds already was delivered before this test. */
  state(collections: ReadonlyMap<string, readonly unknown[]>): void {
    for (const delivery of collections.get(COLLECTION) ?? []) {
      const id = text(delivery, 'id');
      if (id === undefined || this.#seen.has(id)) continue;
      this.#seen.add(id);
      if (!this.#first) this.#write(id, delivery, eventOf(collections, text(delivery, 'event')));
    }
    this.#first = false;
  }

  #write(id: string, delivery: unknown, event: unknown): void {
    const url = text(delivery, 'url') ?? '';
    const status = property(delivery, 'status');
    const common: Payload = { request_id: `webhook-${id}`, method: 'POST', url, resource_type: 'webhook', source: 'clone', clone: this.#clone };
    const type = text(delivery, 'event_type');
    const attempt = property(delivery, 'attempt');
    const told: Payload = { ...(type === undefined ? {} : { event_type: type }), ...(typeof attempt === 'number' ? { attempt } : {}) };
    const request = { ...common, headers: [['content-type', 'application/json']], ...told };
    if (event === undefined) this.#session.append('network.request', request);
    else this.#session.appendContent('network.request', request, [{ field: 'body', data: JSON.stringify(event), mediaType: 'application/json' }]);
    if (typeof status !== 'number') {
      this.#session.append('network.failed', { ...common, error: text(delivery, 'error') ?? 'no answer' });
      return;
    }
    const response: Payload = { ...common, status, status_text: '', headers: [], ...told };
    const body = text(delivery, 'response_body');
    if (!body) this.#session.append('network.response', { ...response, ...(body === undefined ? { body_missing: 'the clone does not keep it' } : {}) });
    else this.#session.appendContent('network.response', response, [{ field: 'body', data: body, mediaType: 'text/plain; charset=utf-8' }]);
  }
}

function eventOf(collections: ReadonlyMap<string, readonly unknown[]>, id: string | undefined): unknown {
  return id === undefined ? undefined : collections.get('events')?.find((event) => property(event, 'id') === id);
}

function text(owner: unknown, name: string): string | undefined {
  const value = property(owner, name);
  return typeof value === 'string' ? value : undefined;
}
