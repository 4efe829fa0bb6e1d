import type { Frame, Recorded } from './sockets.js';

type RawFrame = { readonly direction: 'sent' | 'received'; readonly ts_ms: number } & { readonly text?: string; readonly base64?: string; readonly missing?: boolean };

interface RawSocket {
  readonly url: string;
  readonly opened_ms: number;
  readonly frames: readonly RawFrame[];
  readonly closed_ms?: number;
  readonly code?: number;
  readonly reason?: string;
  readonly broke?: boolean;
}

/** Codes of sockets whose page left, which it does again by itself. */
const LEFT = new Set([1001, 1005]);

/** The recorded sockets out of the text that the addon gives, in the order in which they were opened. */
export function readSockets(json: string): Recorded[] {
  const sockets = JSON.parse(json) as readonly RawSocket[];
  return sockets.map(({ url, opened_ms, frames, closed_ms, code, reason, broke }) => {
    const byServer = broke === true || (code !== undefined && !LEFT.has(code));
    return { url, opened_ms, frames: frames.flatMap(frameOf), ...(closed_ms !== undefined && byServer ? { closed: { at_ms: closed_ms, code: code ?? 1006, reason: broke ? '' : (reason ?? '') } } : {}) };
  });
}

/** A frame whose payload was not kept cannot be said again. */
function frameOf({ direction, ts_ms, text, base64, missing }: RawFrame): Frame[] {
  if (missing) return [];
  return [{ direction, at_ms: ts_ms, data: base64 === undefined ? (text ?? '') : Buffer.from(base64, 'base64') }];
}
