/**
 * Puts the stand-in before the first line of workers whose script comes from no server: one that a page or another worker made
 * itself. Runs in documents and in workers before their scripts, so it uses nothing of this module.
 */
export function prefixWorkers(prefixAt: (by_ms: number | undefined) => string, begun: () => void): void {
  const scope = globalThis as unknown as Record<string, unknown>;
  const blobs = new Map<string, Blob>();
  const { createObjectURL, revokeObjectURL } = URL as Partial<typeof URL>;

  for (const name of ['Worker', 'SharedWorker']) {
    const native = scope[name];
    if (typeof native !== 'function') continue;
    const standIn = new Proxy(native, {
      construct: (target, [script, ...rest], newTarget) => {
        begun();
        return Reflect.construct(target, [prefixed(script), ...(rest as unknown[])], newTarget) as object;
      },
    });
    Object.defineProperty(scope, name, { value: standIn, configurable: true, writable: true });
  }
  const container = (scope['ServiceWorkerContainer'] as { prototype: ServiceWorkerContainer } | undefined)?.prototype;
  if (container) {
    const native = Reflect.get(container, 'register') as ServiceWorkerContainer['register'];
    container.register = new Proxy(native, {
      apply: (target, owner, args) => {
        begun();
        return Reflect.apply(target, owner, args) as Promise<ServiceWorkerRegistration>;
      },
    });
  }
  // A service worker has neither, and starts no workers.
  if (!createObjectURL || !revokeObjectURL) return;
  URL.createObjectURL = new Proxy(createObjectURL, {
    apply: (target, owner, args: [Blob]) => {
      const url = Reflect.apply(target, owner, args);
      if (args[0] instanceof Blob && /script|^$/.test(args[0].type)) blobs.set(url, args[0]);
      return url;
    },
  });
  URL.revokeObjectURL = new Proxy(revokeObjectURL, {
    apply: (target, owner, args: [string]) => {
      blobs.delete(String(args[0]));
      Reflect.apply(target, owner, args);
    },
  });

  /** A script that nobody else can put anything before, since it is never asked for; any other is left as it is. */
  function prefixed(script: unknown): unknown {
    const url = String(script);
    const clock = Reflect.get(Date, Symbol.for('molar.replay.clock')) as { by_ms: number } | undefined;
    const before = prefixAt(clock?.by_ms);
    const blob = blobs.get(url);
    if (blob) return createObjectURL?.call(URL, new Blob([before, blob], { type: 'text/javascript' }));
    const data = /^data:[^,]*?(;base64)?,/i.exec(url);
    if (!data) return script;
    const rest = url.slice(data[0].length).replace(/#.*$/, '');
    const bytes = data[1] ? atob(decodeURIComponent(rest)) : unescape(rest);
    return `data:text/javascript;base64,${btoa(unescape(encodeURIComponent(before)) + bytes)}`;
  }
}
