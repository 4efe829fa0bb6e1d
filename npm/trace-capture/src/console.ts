import type { BrowserContext, ConsoleMessage, WebError } from '@playwright/test';
import { errorPayload } from './errors.js';
import { guidOf } from './identities.js';
import { guarded } from './problems.js';
import type { Session } from './session.js';
import { shorten } from './text.js';
import type { Payload } from './values.js';

const MAX_TEXT = 64 * 1024;

/** Records what pages and workers of a context print, and the errors nobody caught. */
export function followConsole(context: BrowserContext, current: () => Session | undefined): void {
  context.on('console', (message) => guarded('a console message', () => print(current(), message)));
  context.on('weberror', (error) => guarded('a page error', () => uncaught(current(), error)));
}

function print(session: Session | undefined, message: ConsoleMessage): void {
  if (!session?.settings.console) return;
  session.seen.add('console');
  const type = message.type();
  const { url, lineNumber, columnNumber } = message.location();
  const page = message.page();
  const payload: Payload = {
    level: type === 'warning' ? 'warn' : type,
    text: shorten(message.text(), MAX_TEXT),
    ...(url ? { location: { url, line: lineNumber + 1, column: columnNumber + 1 } } : {}),
    ...(page ? { page: session.pages.page(guidOf(page)) } : {}),
  };
  session.append(type === 'error' ? 'console.error' : 'console.log', payload);
}

function uncaught(session: Session | undefined, webError: WebError): void {
  if (!session?.settings.console) return;
  const { message, stack, name } = errorPayload(webError.error());
  const page = webError.page();
  const location = /\(?((?:https?|file|blob):[^\s()]+):(\d+):(\d+)\)?/.exec(typeof stack === 'string' ? stack : '');
  session.append('console.error', {
    level: 'pageerror',
    text: typeof name === 'string' && name !== 'Error' ? `${name}: ${String(message)}` : String(message),
    ...(stack === undefined ? {} : { stack }),
    ...(location ? { location: { url: location[1] ?? '', line: Number(location[2]), column: Number(location[3]) } } : {}),
    ...(page ? { page: session.pages.page(guidOf(page)) } : {}),
  });
}
