/** One message from Playwright's client to the part that drives the browser. */
export interface Call {
  /** The object it is for. */
  readonly object: object;
  readonly type: string;
  readonly guid: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Whether it is Playwright's own or the recorder's, and no call of the test's. */
  readonly internal: boolean;
  /** Does what would have been done. */
  readonly proceed: () => Promise<unknown>;
}

/** Answers a call instead of the browser, or leaves it alone by returning nothing. */
export type Interceptor = (call: Call) => Promise<unknown> | undefined;

type Send = (object: object, method: string, params: Record<string, unknown>, options: { internal?: boolean }) => Promise<unknown>;

interface Connection {
  sendMessageToServer?: Send;
}

const wrapped = new WeakMap<object, { interceptor: Interceptor }>();

/** Stands between a Playwright client and the rest, once; whether this release has the place for it. */
export function interceptCalls(playwright: unknown, interceptor: Interceptor): boolean {
  const connection = property(playwright, '_connection') as Connection | undefined;
  const send = connection?.sendMessageToServer;
  if (!connection || typeof send !== 'function') return false;
  const known = wrapped.get(connection);
  if (known) {
    known.interceptor = interceptor;
    return true;
  }
  const own = { interceptor };
  wrapped.set(connection, own);
  connection.sendMessageToServer = (object, method, params, options) => {
    const proceed = async (): Promise<unknown> => await send.call(connection, object, method, params, options);
    const call: Call = {
      object, method, proceed, params: params ?? {}, internal: options?.internal === true,
      type: String(property(object, '_type')), guid: String(property(object, '_guid')),
    };
    return own.interceptor(call) ?? proceed();
  };
  return true;
}

/** A property of anything, `undefined` where there is none. */
export function property(owner: unknown, name: string): unknown {
  return (typeof owner === 'object' && owner !== null) || typeof owner === 'function' ? Reflect.get(owner, name) : undefined;
}
