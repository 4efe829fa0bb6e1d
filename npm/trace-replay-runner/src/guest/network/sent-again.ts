/** Headers of one connection, which whoever sends writes himself, and cookies, which are made anew. */
const OF_ONE_CONNECTION = /^(:|host$|connection$|content-length$|accept-encoding$|transfer-encoding$|cookie$|expect$|keep-alive$|upgrade$)/i;
const FOR_LESS = /^(if-|range$)/i;

/** Whether a recorded header is sent when the runner itself asks the running application. */
export function isSentAgain(name: string): boolean {
  return !OF_ONE_CONNECTION.test(name);
}

/** Whether a request with this header still asks for an answer as a whole, and not for a part or for news. */
export function asksForWhole(name: string): boolean {
  return !FOR_LESS.test(name);
}
