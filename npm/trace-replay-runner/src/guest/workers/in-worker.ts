/** What a worker tells the pages of its origin. */
export type FromWorker =
  | { readonly kind: 'asks'; readonly socket: string }
  | { readonly kind: 'takes'; readonly socket: string; readonly page: string; readonly url: string; readonly protocols: readonly string[] }
  | { readonly kind: 'sends'; readonly socket: string; readonly data: unknown }
  | { readonly kind: 'closes'; readonly socket: string; readonly code?: number; readonly reason?: string };

/** What a page tells the workers of its origin. */
export type FromPage =
  | { readonly kind: 'offers'; readonly socket: string; readonly page: string }
  | { readonly kind: 'opened'; readonly socket: string; readonly protocol: string; readonly extensions: string }
  | { readonly kind: 'message'; readonly socket: string; readonly data: unknown }
  | { readonly kind: 'closed'; readonly socket: string; readonly code: number; readonly reason: string; readonly clean: boolean }
  | { readonly kind: 'clock'; readonly by_ms: number };

/**
 * Gives a worker sockets that a page of its origin opens for it, since a page's sockets are answered out of the record and a
 * worker's own would go to the network. A worker that no page answers gets a socket that breaks. Runs in the worker
 * before its first line, so it uses nothing of this module; `moveClock` is told when the replay's clock moves.
 */
export function standInForSockets(channel: string, moveClock: (by_ms: number) => void): void {
  const OFFER_MS = 5_000;
  const pages = new BroadcastChannel(channel);
  const open = new Map<string, StandIn>();
  const mine = Array.from(crypto.getRandomValues(new Uint32Array(2)), String).join('-');
  let count = 0;

  class StandIn extends EventTarget {
    static readonly CONNECTING = 0;
    static readonly OPEN = 1;
    static readonly CLOSING = 2;
    static readonly CLOSED = 3;
    readonly CONNECTING = 0;
    readonly OPEN = 1;
    readonly CLOSING = 2;
    readonly CLOSED = 3;
    readonly url: string;
    readonly bufferedAmount = 0;
    readyState = 0;
    protocol = '';
    extensions = '';
    binaryType: 'blob' | 'arraybuffer' = 'blob';
    #asked: readonly string[];
    #id = `${mine}-${(count += 1)}`;
    #taken = false;

    constructor(url: string | URL, protocols: string | readonly string[] = []) {
      super();
      const base = location.protocol === 'blob:' ? location.origin : location.href;
      const wanted = URL.canParse(String(url), base) ? new URL(String(url), base) : undefined;
      if (wanted) wanted.protocol = wanted.protocol.replace(/^http/, 'ws');
      if (!wanted || !/^wss?:$/.test(wanted.protocol) || wanted.hash !== '') throw new DOMException(`Failed to construct 'WebSocket': The URL '${String(url)}' is invalid.`, 'SyntaxError');
      this.url = wanted.href;
      this.#asked = typeof protocols === 'string' ? [protocols] : [...protocols];
      open.set(this.#id, this);
      say({ kind: 'asks', socket: this.#id });
      setTimeout(() => (this.#taken ? undefined : this.hears({ kind: 'closed', socket: this.#id, code: 1006, reason: '', clean: false })), OFFER_MS);
    }

    hears(told: Exclude<FromPage, { kind: 'clock' }>): void {
      switch (told.kind) {
        case 'offers':
          if (this.#taken || this.readyState !== 0) return;
          this.#taken = true;
          return say({ kind: 'takes', socket: this.#id, page: told.page, url: this.url, protocols: this.#asked });
        case 'opened':
          Object.assign(this, { readyState: 1, protocol: told.protocol, extensions: told.extensions });
          return void this.dispatchEvent(new Event('open'));
        case 'message': {
          const data = told.data instanceof ArrayBuffer && this.binaryType === 'blob' ? new Blob([told.data]) : told.data;
          return void this.dispatchEvent(new MessageEvent('message', { data, origin: new URL(this.url).origin }));
        }
        case 'closed':
          if (this.readyState === 3) return;
          this.readyState = 3;
          open.delete(this.#id);
          if (!told.clean) this.dispatchEvent(new Event('error'));
          this.dispatchEvent(new CloseEvent('close', { code: told.code, reason: told.reason, wasClean: told.clean }));
      }
    }

    send(data: string | ArrayBufferLike | ArrayBufferView | Blob): void {
      if (this.readyState === 0) throw new DOMException("Failed to execute 'send' on 'WebSocket': Still in CONNECTING state.", 'InvalidStateError');
      if (this.readyState === 1) say({ kind: 'sends', socket: this.#id, data });
    }

    close(code?: number, reason?: string): void {
      if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
        throw new DOMException(`Failed to execute 'close' on 'WebSocket': The code must be either 1000, or between 3000 and 4999. ${code} is neither.`, 'InvalidAccessError');
      }
      if (this.readyState >= 2) return;
      this.readyState = 2;
      if (!this.#taken) return queueMicrotask(() => this.hears({ kind: 'closed', socket: this.#id, code: 1006, reason: '', clean: false }));
      say({ kind: 'closes', socket: this.#id, ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }) });
    }
  }

  for (const type of ['open', 'message', 'error', 'close']) {
    const handlers = new WeakMap<StandIn, (event: Event) => unknown>();
    Object.defineProperty(StandIn.prototype, `on${type}`, {
      configurable: true,
      enumerable: true,
      get(this: StandIn) {
        return handlers.get(this) ?? null;
      },
      set(this: StandIn, handler: unknown) {
        const wasSet = handlers.has(this);
        const given = handler as (event: Event) => unknown;
        handlers.set(this, typeof handler === 'function' ? (event) => Reflect.apply(given, this, [event]) : () => undefined);
        if (!wasSet) this.addEventListener(type, (event) => handlers.get(this)?.(event));
      },
    });
  }
  Object.defineProperty(StandIn, 'name', { value: 'WebSocket' });
  Object.defineProperty(globalThis, 'WebSocket', { value: StandIn, configurable: true, writable: true });

  pages.onmessage = ({ data }: MessageEvent<FromPage>) => {
    if (data.kind === 'clock') return moveClock(data.by_ms);
    open.get(data.socket)?.hears(data);
  };

  function say(told: FromWorker): void {
    pages.postMessage(told);
  }
}
