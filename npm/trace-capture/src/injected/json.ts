/** Writing JSON in a page that has its own ideas of it. */

const { hasOwn, defineProperty, getOwnPropertyDescriptor } = Object;

type Stringify = (value: unknown) => string;

/** Old libraries give arrays a `toJSON` of their own, which the native writer obeys: batches were once all `0`. */
export function pageRewritesJson(): boolean {
  return 'toJSON' in Array.prototype || 'toJSON' in Object.prototype;
}

/** The same text without asking a value how it wants to be written. Slower, so only for the pages that need it. */
export function plainJson(value: unknown, stringify: Stringify): string {
  if (typeof value !== 'object' || value === null) return stringify(value) ?? 'null';
  let text = '';
  if (Object.prototype.toString.call(value) === '[object Array]') {
    for (let at = 0; at < (value as unknown[]).length; at += 1) text += `${at > 0 ? ',' : ''}${plainJson((value as unknown[])[at], stringify)}`;
    return `[${text}]`;
  }
  for (const name in value) {
    const one: unknown = (value as Record<string, unknown>)[name];
    if (!hasOwn(value, name) || one === undefined || typeof one === 'function') continue;
    text += `${text === '' ? '' : ','}${stringify(name)}:${plainJson(one, stringify)}`;
  }
  return `{${text}}`;
}

/**
 * Runs something while the window has its own `JSON.stringify` and `Promise` and no `toJSON` on its prototypes, and puts
 * the page's back. All within one task, so the page cannot tell. What the page has made unchangeable stays.
 */
export function undisturbed(stringify: Stringify, NativePromise: PromiseConstructor): <T>(run: () => T) => T {
  const owned: readonly (readonly [object, string, unknown])[] = [[JSON, 'stringify', stringify], [window, 'Promise', NativePromise]];
  const alien: readonly (readonly [object, string])[] = [[Array.prototype, 'toJSON'], [Object.prototype, 'toJSON']];
  return (run) => {
    const undo: (() => void)[] = [];
    for (const [holder, name, native] of owned) {
      if (Reflect.get(holder, name) !== native) undo.push(swap(holder, name, native));
    }
    for (const [holder, name] of alien) if (hasOwn(holder, name)) undo.push(swap(holder, name, undefined));
    try {
      return run();
    } finally {
      for (const back of undo) back();
    }
  };
}

function swap(holder: object, name: string, value: unknown): () => void {
  const pages = getOwnPropertyDescriptor(holder, name);
  if (pages?.configurable !== true) return () => undefined;
  if (value === undefined) Reflect.deleteProperty(holder, name);
  else defineProperty(holder, name, { value, configurable: true, writable: true });
  return () => void defineProperty(holder, name, pages);
}
