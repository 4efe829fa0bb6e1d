import type { Natives } from './natives.js';
import type { ShadowedNames } from './rrweb-types.js';

type Prototyped = { readonly prototype: object };

function copyOf(native: Prototyped): Prototyped {
  return { prototype: Object.create(null, Object.getOwnPropertyDescriptors(native.prototype)) as object };
}

/**
 * rrweb takes `Element` for tampered with, always: it looks for `querySelector` as an accessor, which is a method, and
 * then inserts a probe frame into the page, in which our script would run and probe again. The stand-in has accessors
 * that print as native code (a Proxy over a native function does) and give the native method bound to the element.
 */
function elementStandIn(): Prototyped {
  const descriptors = Object.getOwnPropertyDescriptors(Element.prototype) as Record<string, PropertyDescriptor>;
  const shadowRoot = descriptors['shadowRoot'];
  const standIn: Record<string, PropertyDescriptor> = { ...descriptors };
  for (const name of ['querySelector', 'querySelectorAll']) {
    const method = descriptors[name]?.value as (...args: unknown[]) => unknown;
    const get = new Proxy(shadowRoot?.get ?? method, { apply: (_target, self) => method.bind(self) });
    standIn[name] = { get: get as () => unknown, configurable: true };
  }
  return { prototype: Object.create(null, standIn) as object };
}

/** Answers for the names a page may replace after us; `Zone` is hidden because the copies are already unpatched. */
function globalStandIn(): object {
  const own: Record<PropertyKey, unknown> = {
    Zone: undefined,
    Element: elementStandIn(),
    Node: copyOf(Node),
    ShadowRoot: copyOf(ShadowRoot),
    MutationObserver: copyOf(MutationObserver),
  };
  return new Proxy(window, { get: (target, name) => (name in own ? own[name] : Reflect.get(target, name)) });
}

/** rrweb repairs a broken `Array.from` by a probe frame; with our own copy it finds nothing to repair. */
function arrayStandIn(): object {
  const NativeArray = Array;
  const from = NativeArray.from.bind(NativeArray) as unknown;
  return new Proxy(NativeArray, { get: (target, name) => (name === 'from' ? from : (Reflect.get(target, name) as unknown)) });
}

/** A console that counts instead of printing, so that the recorder never shows in the console it records. */
function consoleStandIn(warned: (message: string) => void): object {
  const note = (first: unknown): void => warned(typeof first === 'string' ? first : 'non-text message');
  const silent = (): void => undefined;
  return { log: silent, info: silent, debug: silent, warn: note, error: note };
}

/** The names under which rrweb's bundle is evaluated. `warned` receives what it would have printed. */
export function shadowNames(natives: Natives, warned: (message: string) => void): ShadowedNames {
  return {
    globalThis: globalStandIn(),
    Array: arrayStandIn(),
    Date: natives.Date,
    setTimeout: natives.setTimeout,
    clearTimeout: natives.clearTimeout,
    requestAnimationFrame: natives.requestAnimationFrame,
    cancelAnimationFrame: natives.cancelAnimationFrame,
    console: consoleStandIn(warned),
  };
}
