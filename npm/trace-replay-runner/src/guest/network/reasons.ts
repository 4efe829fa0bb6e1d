/** Reasons with which the browser lets a request fail, by the names it records them under. */
const REASONS: Readonly<Record<string, string>> = {
  'net::ERR_ABORTED': 'Aborted',
  'net::ERR_ACCESS_DENIED': 'AccessDenied',
  'net::ERR_ADDRESS_UNREACHABLE': 'AddressUnreachable',
  'net::ERR_BLOCKED_BY_CLIENT': 'BlockedByClient',
  'net::ERR_BLOCKED_BY_RESPONSE': 'BlockedByResponse',
  'net::ERR_CONNECTION_ABORTED': 'ConnectionAborted',
  'net::ERR_CONNECTION_CLOSED': 'ConnectionClosed',
  'net::ERR_CONNECTION_FAILED': 'ConnectionFailed',
  'net::ERR_CONNECTION_REFUSED': 'ConnectionRefused',
  'net::ERR_CONNECTION_RESET': 'ConnectionReset',
  'net::ERR_CONNECTION_TIMED_OUT': 'TimedOut',
  'net::ERR_EMPTY_RESPONSE': 'ConnectionClosed',
  'net::ERR_INTERNET_DISCONNECTED': 'InternetDisconnected',
  'net::ERR_NAME_NOT_RESOLVED': 'NameNotResolved',
  'net::ERR_TIMED_OUT': 'TimedOut',
};

/** The reason to fail a request with so that it fails as recorded; one without a reason of its own just fails. */
export function reasonFor(error: string): string {
  const name = /net::ERR_[A-Z_]+/.exec(error)?.[0];
  return (name === undefined ? undefined : REASONS[name]) ?? 'Failed';
}

/** Whether the page itself gave the request up, which it does again. */
export function wasGivenUp(error: string): boolean {
  return error.includes('net::ERR_ABORTED') || /cancell?ed/i.test(error);
}
