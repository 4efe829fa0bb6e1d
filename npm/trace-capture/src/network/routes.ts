import type { BrowserContext } from '@playwright/test';
import { implementationOf, property } from '../playwright/privates.js';
import { guarded } from '../problems.js';
import type { Routed } from './exchange.js';

/** Told what a route handler did with a request. */
export type RouteListener = (routed: Routed, method: string, url: string) => void;

const EVENTS: readonly (readonly [string, Routed])[] = [
  ['requestfulfilled', 'fulfilled'],
  ['requestcontinued', 'continued'],
  ['requestaborted', 'aborted'],
];

/**
 * Follows what `route` does to the requests of a context. Chromium does not say it; the object behind the context
 * tells its own HAR recorder, and is only listened to: no handler of the test is touched.
 */
export function followRoutes(context: BrowserContext, listener: RouteListener): void {
  const inner = implementationOf(context);
  const on = property(inner, 'on');
  if (typeof on !== 'function') return;
  for (const [event, routed] of EVENTS) {
    Reflect.apply(on, inner, [event, (request: unknown) => guarded('a routed request', () => {
      const [method, url] = [told(request, '_method', 'method'), told(request, '_url', 'url')];
      if (method !== undefined && url !== undefined) listener(routed, method, url);
    })]);
  }
}

/** The original value where it is kept, since a handler may have overridden what the getter says. */
function told(request: unknown, field: string, getter: string): string | undefined {
  const kept = property(request, field);
  if (typeof kept === 'string') return kept;
  const get = property(request, getter);
  const got: unknown = typeof get === 'function' ? Reflect.apply(get, request, []) : undefined;
  return typeof got === 'string' ? got : undefined;
}
