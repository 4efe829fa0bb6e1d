import type { AnyFunction } from './hidden-frames.js';
import { seeing } from './hidden-frames.js';
import { property } from './privates.js';
import { isHeard, standIn, stoodIn } from './public-hooks.js';

/** Methods of pages and locators that people call actions, by the part of the API they belong to. */
const ACTS: Readonly<Record<string, readonly string[]>> = {
  page: ['goto', 'reload', 'goBack', 'goForward', 'click', 'fill', 'type', 'press', 'check', 'uncheck', 'selectOption', 'hover', 'setContent', 'waitForURL', 'waitForSelector', 'waitForLoadState', 'evaluate', 'close'],
  locator: ['click', 'dblclick', 'fill', 'clear', 'type', 'press', 'pressSequentially', 'check', 'uncheck', 'setChecked', 'selectOption', 'setInputFiles', 'hover', 'tap', 'focus', 'dragTo', 'waitFor', 'textContent', 'innerText', 'inputValue', 'evaluate'],
};

/** Stands in front of the acts of all pages and locators, given one page. Their classes are not exported, but an object shows its own. */
export function standInForActs(page: object): void {
  const locator: unknown = (property(page, 'locator') as AnyFunction | undefined)?.call(page, ...(['html'] as never[]));
  for (const [owner, name] of [[page, 'page'], [locator, 'locator']] as const) {
    const prototype = Object.getPrototypeOf(owner) as object | null;
    if (prototype === null || prototype === Object.prototype) continue;
    for (const method of ACTS[name] ?? []) standInForAct(prototype, name, method);
  }
}

function standInForAct(prototype: object, owner: string, method: string): void {
  const original: unknown = Reflect.get(prototype, method);
  if (typeof original !== 'function' || stoodIn.has(original)) return;
  const locatorPart = (self: unknown): object => (owner === 'locator' ? { locator: String(self) } : {});
  Reflect.set(prototype, method, standIn(original as AnyFunction, 'pw:api', () => `${owner}.${method}`, false, locatorPart));
}

/** An `expect` that tells of its assertions, for specs that import it from this package. */
export function standInForExpect<E extends AnyFunction>(expect: E): E {
  const matchers = (made: unknown, words: string): unknown =>
    new Proxy(made as object, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof name !== 'string' || !isHeard()) return value;
        if (name === 'not' || name === 'resolves' || name === 'rejects') return matchers(value, name === 'not' ? `${words}not ` : words);
        if (typeof value !== 'function') return value;
        return standIn(value.bind(target) as AnyFunction, 'expect', () => `Expect "${words}${name}"`, false, (_, [expected]) => (expected === undefined ? {} : { expected }));
      },
    });
  const made = (original: AnyFunction, words: string): AnyFunction =>
    new Proxy(original, {
      apply: (target, self, args) => matchers(Reflect.apply(target, self, args), words),
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        return (name === 'soft' || name === 'poll') && typeof value === 'function' ? made(value as AnyFunction, `${name} `) : value;
      },
    });
  return made(expect, '') as E;
}

/** Gets what the inner instrumentation would have told about browsers and contexts. */
export interface LaunchListener {
  readonly browser: (browser: unknown) => void;
  readonly context: (context: unknown) => void;
  readonly requests: (context: unknown) => void;
}

/** Stands in front of whatever makes a browser, a persistent context or an API context. */
export function standInForLaunches(playwright: unknown, listener: LaunchListener): void {
  const see = (owner: unknown, method: string, seen: (result: unknown) => void): void => {
    const original = property(owner, method);
    if (typeof original === 'function') Reflect.set(owner as object, method, seeing(original.bind(owner) as AnyFunction, seen));
  };
  for (const name of ['chromium', 'firefox', 'webkit']) {
    const type = property(playwright, name);
    for (const method of ['launch', 'connect', 'connectOverCDP']) see(type, method, listener.browser);
    see(type, 'launchPersistentContext', listener.context);
  }
  see(property(playwright, 'request'), 'newContext', listener.requests);
}
