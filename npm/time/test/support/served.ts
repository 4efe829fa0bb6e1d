import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Adapters } from '@molar/time';
import type { App } from './apps.js';
import { listening } from './apps.js';

/** A plain server whose requests do what a test says, in this process. */
export class Served {
  readonly #works = new Map<string, (request: IncomingMessage) => unknown>();
  readonly #app: Promise<App>;
  #count = 0;

  constructor(parts: Adapters[]) {
    const listener = (request: IncomingMessage, response: ServerResponse): void => void this.#serve(request, response);
    this.#app = listening(createServer(parts.reduce((inner, part) => part.http(inner), listener)));
  }

  /** What `work` gives when a request with these headers does it; it is not serialised. `path` is the same for all. */
  async within<T>(headers: Record<string, string>, work: (request: IncomingMessage) => T | Promise<T>): Promise<T> {
    const id = String((this.#count += 1));
    const done = new Promise<T>((resolve, reject) => {
      this.#works.set(id, (request) => Promise.resolve().then(() => work(request)).then(resolve, reject));
    });
    await (await fetch(`${(await this.#app).url}/work?${id}`, { headers })).text();
    return done;
  }

  async close(): Promise<void> {
    await (await this.#app).close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.#works.get((request.url ?? '').split('?')[1] ?? '')?.(request);
    response.end();
  }
}
