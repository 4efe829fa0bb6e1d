import type { DomSession } from '../dom/index.js';
import type { Cdp } from './cdp-session.js';

type BindingListener = Parameters<DomSession['on']>[1];

/** The recorder's own session of one page, for the parts that would else open one each. */
export class PageSession implements DomSession {
  readonly #cdp: Cdp;
  readonly #listeners: BindingListener[] = [];

  constructor(cdp: Cdp) {
    this.#cdp = cdp;
  }

  on(_: 'Runtime.bindingCalled', listener: BindingListener): void {
    this.#listeners.push(listener);
  }

  async send(method: string, params?: object): Promise<unknown> {
    return await this.#cdp.send(method, params);
  }

  event(method: string, params: unknown): void {
    if (method !== 'Runtime.bindingCalled') return;
    for (const listener of this.#listeners) listener(params as Parameters<BindingListener>[0]);
  }
}
