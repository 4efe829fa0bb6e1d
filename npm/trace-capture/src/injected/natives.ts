import { pageRewritesJson, plainJson, undisturbed } from './json.js';

/**
 * The window's own functions, taken before any script of the page runs. Fake timers, zone.js and patched prototypes
 * come later and must not reach the recorder: a replaced clock once put events 1100 days into the past.
 */

type Listen = (target: EventTarget, type: string, listener: (event: Event) => void) => void;

/** Functions and constructors of the untouched realm. */
export interface Natives {
  readonly Date: DateConstructor;
  readonly MutationObserver: typeof MutationObserver;
  readonly setTimeout: typeof setTimeout;
  readonly clearTimeout: typeof clearTimeout;
  readonly requestAnimationFrame: typeof requestAnimationFrame;
  readonly cancelAnimationFrame: typeof cancelAnimationFrame;
  readonly stringify: (value: unknown) => string;
  /** Runs something that uses the window's own functions by name, such as a binding of Playwright's. */
  readonly undisturbed: <T>(run: () => T) => T;
  /** Epoch milliseconds that never run backwards. */
  readonly now: () => number;
  /** Adds a capturing, passive listener; adding the same function again changes nothing. */
  readonly listen: Listen;
  readonly ignoreRejection: (result: unknown) => void;
  readonly matches: (element: Element, selector: string) => boolean;
  readonly attribute: (element: Element, name: string) => string | null;
  /** Parent in the composed tree: out of a shadow root to its host, out of a same-origin document to its frame. */
  readonly composedParent: (node: Node) => Node | null;
  readonly shadowRoot: (element: Element) => ShadowRoot | null;
  readonly observe: (callback: (records: readonly MutationRecord[]) => void) => MutationObserver;
}

function getter(prototype: object, name: string): (this: unknown) => unknown {
  const found = Object.getOwnPropertyDescriptor(prototype, name)?.get;
  return found ?? ((): undefined => undefined);
}

function composedParentOf(): (node: Node) => Node | null {
  const parentNode = getter(Node.prototype, 'parentNode');
  const host = getter(ShadowRoot.prototype, 'host');
  const defaultView = getter(Document.prototype, 'defaultView');
  const apply = Reflect.apply;
  return (node) => {
    const parent = apply(parentNode, node, []) as Node | null;
    if (parent !== null) return parent;
    if (node.nodeType === 11 && 'host' in node) return apply(host, node, []) as Node | null;
    if (node.nodeType !== 9) return null;
    try {
      return (apply(defaultView, node, []) as Window | null)?.frameElement ?? null;
    } catch {
      // A frame whose parent belongs to another origin: the composed tree ends here by the browser's own rule.
      return null;
    }
  };
}

/** Takes the natives of this realm. Must run before any page script. */
export function takeNatives(): Natives {
  const { setTimeout, clearTimeout, requestAnimationFrame, cancelAnimationFrame, performance } = window;
  const perfNow = performance.now.bind(performance);
  const { timeOrigin } = performance;
  const { addEventListener } = EventTarget.prototype;
  const { matches, getAttribute } = Element.prototype;
  const { then } = Promise.prototype;
  const { stringify } = JSON;
  const shadowRoot = getter(Element.prototype, 'shadowRoot');
  const Observer = MutationObserver;
  const apply = Reflect.apply;
  const noop = (): void => undefined;
  return {
    Date,
    MutationObserver: Observer,
    setTimeout: setTimeout.bind(window) as typeof setTimeout,
    clearTimeout: clearTimeout.bind(window) as typeof clearTimeout,
    requestAnimationFrame: requestAnimationFrame.bind(window),
    cancelAnimationFrame: cancelAnimationFrame.bind(window),
    stringify: (value) => (pageRewritesJson() ? plainJson(value, stringify) : stringify(value)),
    undisturbed: undisturbed(stringify, Promise),
    now: () => Math.round((timeOrigin + perfNow()) * 1000) / 1000,
    listen: (target, type, listener) => apply(addEventListener, target, [type, listener, { capture: true, passive: true }]),
    ignoreRejection: (result) => {
      if (result instanceof Promise) apply(then, result, [undefined, noop]);
    },
    matches: (element, selector) => apply(matches, element, [selector]) as boolean,
    attribute: (element, name) => apply(getAttribute, element, [name]) as string | null,
    composedParent: composedParentOf(),
    shadowRoot: (element) => apply(shadowRoot, element, []) as ShadowRoot | null,
    observe: (callback) => new Observer(callback),
  };
}
