import { BlockList, isIPv4, isIPv6 } from 'node:net';

interface Subnet {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/**
 * Whether two networks in CIDR form (`10.0.2.0/24`) have an address in common; undefined when the first is not in a form that is read in one
 * way alone. An IPv4 address written as one of IPv6 is such a form.
 */
export function overlap(text: string, own: string): boolean | undefined {
  const [one, other] = [parseSubnet(text), parseSubnet(own)];
  if (one === undefined || other === undefined) return undefined;
  return one.family === other.family && (contains(one, other) || contains(other, one));
}

function contains({ address, prefix, family }: Subnet, other: Subnet): boolean {
  const list = new BlockList();
  list.addSubnet(address, prefix, family);
  return list.check(other.address, family);
}

function parseSubnet(text: string): Subnet | undefined {
  const [address = '', length = '', ...rest] = text.split('/');
  if (rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const prefix = Number(length);
  if (isIPv4(address)) return prefix <= 32 ? { address, prefix, family: 'ipv4' } : undefined;
  if (!isIPv6(address) || !/^[0-9a-f:]+$/i.test(address) || /^[0:]*:ffff:/i.test(address)) return undefined;
  return prefix <= 128 ? { address, prefix, family: 'ipv6' } : undefined;
}
