import { BlockList, isIP } from 'node:net';

/** Link-local addresses are left out on purpose: clouds answer there. */
const OWN_ADDRESSES = new BlockList();
for (const [network, prefix] of [['127.0.0.0', 8], ['10.0.0.0', 8], ['172.16.0.0', 12], ['192.168.0.0', 16]] as const) {
  OWN_ADDRESSES.addSubnet(network, prefix, 'ipv4');
}
OWN_ADDRESSES.addAddress('::1', 'ipv6');
OWN_ADDRESSES.addSubnet('fc00::', 7, 'ipv6');

/** Endings that no public name can have. */
const OWN_ENDINGS = ['.localhost', '.local', '.internal', '.test'];

/**
 * Whether a host is the team's own: loopback, a private address, or a name that resolves nowhere else (`db`, `api.internal`).
 * Only those get the header: to anyone else it would tell a run's id and a signature.
 */
export function isOwnHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const kind = isIP(name);
  if (kind !== 0) return OWN_ADDRESSES.check(name, kind === 6 ? 'ipv6' : 'ipv4');
  return name !== '' && (!name.includes('.') || OWN_ENDINGS.some((ending) => name.endsWith(ending)));
}
