/** An address as it may be printed: its query may hold a token that was put back. */
export function shown(url: string): string {
  const [address = '', query] = url.split(/[?#]/, 2);
  return query === undefined ? address : `${address}?…`;
}
