import { withoutAnsi } from './text.js';
/** Any thrown thing in the shape of the trace, without terminal colours. */
export function errorPayload(cause) {
    if (typeof cause !== 'object' || cause === null)
        return { message: withoutAnsi(String(cause)) };
    const { message, value, name, stack } = cause;
    const text = typeof message === 'string' ? message : String(value ?? cause);
    return {
        message: withoutAnsi(text),
        ...(typeof name === 'string' && name !== '' ? { name } : {}),
        ...(typeof stack === 'string' && stack !== '' ? { stack: withoutAnsi(stack) } : {}),
    };
}
//# sourceMappingURL=errors.js.map