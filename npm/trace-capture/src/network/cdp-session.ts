import type { CDPSession } from '@playwright/test';
import { implementationOf, property } from '../playwright/privates.js';

/** A Chromium target's debugging session: commands in, events out. */
export interface Cdp {
  send(method: string, params?: object): Promise<unknown>;
  /** Opens the session of a target that attached to this one. */
  child(sessionId: string, listener: CdpListener): Cdp | undefined;
  /**
   * Ends a session below whose target is gone. Without it every question to it would wait for good: the browser answers
   * those on the way not at all, and later ones with an error that names no session.
   */
  ended(sessionId: string): void;
}

/** Receives every event of a session. */
export type CdpListener = (method: string, params: unknown) => void;

/**
 * Wraps a session of Playwright's own so that sessions below it can be reached as well. Playwright's public object has
 * no way to do that; the object behind it has, as long as browser and test share this process's connection.
 */
export function wrapSession(session: CDPSession): Cdp | undefined {
  const inner = property(implementationOf(session), '_session');
  return typeof property(inner, 'createChildSession') === 'function' ? new InnerSession(inner as object) : undefined;
}

class InnerSession implements Cdp {
  readonly #inner: object;

  constructor(inner: object) {
    this.#inner = inner;
  }

  async send(method: string, params: object = {}): Promise<unknown> {
    const send = property(this.#inner, 'send');
    if (typeof send !== 'function') throw new Error('the debugging session cannot send');
    return (await Reflect.apply(send, this.#inner, [method, params])) as unknown;
  }

  child(sessionId: string, listener: CdpListener): Cdp | undefined {
    const create = property(this.#inner, 'createChildSession');
    if (typeof create !== 'function') return undefined;
    const made: unknown = Reflect.apply(create, this.#inner, [sessionId, listener]);
    return typeof made === 'object' && made !== null ? new InnerSession(made) : undefined;
  }

  ended(sessionId: string): void {
    const dispose = property(this.#inner, 'disposeChildSession');
    if (typeof dispose === 'function') Reflect.apply(dispose, this.#inner, [sessionId]);
  }
}
