import { withoutAnsi } from './text.js';
import type { Payload } from './values.js';

/** Any thrown thing in the shape of the trace, without terminal colours. */
export function errorPayload(cause: unknown): Payload {
  if (typeof cause !== 'object' || cause === null) return { message: withoutAnsi(String(cause)) };
  const { message, value, name, stack } = cause as { message?: unknown; value?: unknown; name?: unknown; stack?: unknown };
  const text = typeof message === 'string' ? message : String(value ?? cause);
  return {
    message: withoutAnsi(text),
    ...(typeof name === 'string' && name !== '' ? { name } : {}),
    ...(typeof stack === 'string' && stack !== '' ? { stack: withoutAnsi(stack) } : {}),
  };
}
