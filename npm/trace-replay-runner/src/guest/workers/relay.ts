import type { FromPage, FromWorker } from './in-worker.js';

/**
 * Opens sockets for the workers of a document's origin, from the first call of what it returns. Runs in every document before its
 * scripts, so it uses nothing of this module. A document that starts no worker keeps all that it has as it is.
 */
export function relaySockets(channel: string): () => void {
  let workers: BroadcastChannel | undefined;
  return () => {
    workers ??= relay();
  };

  function relay(): BroadcastChannel {
    const open = new Map<string, WebSocket>();
    const me = Array.from(crypto.getRandomValues(new Uint32Array(2)), String).join('-');
    const workers = new BroadcastChannel(channel);
    const say = (told: FromPage): void => workers.postMessage(told);
    workers.onmessage = ({ data: told }: MessageEvent<FromWorker>) => {
      if (told.kind === 'asks') return say({ kind: 'offers', socket: told.socket, page: me });
      if (told.kind === 'takes') return told.page === me ? openFor(told) : undefined;
      const socket = open.get(told.socket);
      if (told.kind === 'sends') socket?.send(told.data as string);
      else if (socket) closeFor(socket, told.code, told.reason);
    };
    const openFor = ({ socket: id, url, protocols }: Extract<FromWorker, { kind: 'takes' }>): void => {
      const socket = protocols.length > 0 ? new WebSocket(url, [...protocols]) : new WebSocket(url);
      socket.binaryType = 'arraybuffer';
      open.set(id, socket);
      socket.onopen = () => say({ kind: 'opened', socket: id, protocol: socket.protocol, extensions: socket.extensions });
      socket.onmessage = ({ data }: MessageEvent<unknown>) => say({ kind: 'message', socket: id, data });
      socket.onclose = ({ code, reason, wasClean: clean }) => {
        open.delete(id);
        say({ kind: 'closed', socket: id, code, reason, clean });
      };
    };
    // Whoever still listens is a worker that several pages share.
    addEventListener('pagehide', () => {
      for (const id of open.keys()) say({ kind: 'closed', socket: id, code: 1006, reason: '', clean: false });
      open.clear();
    });
    return workers;
  }

  function closeFor(socket: WebSocket, code: number | undefined, reason: string | undefined): void {
    if (code === undefined) socket.close();
    else socket.close(code, reason);
  }
}
