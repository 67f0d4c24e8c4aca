import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { linkNetworks } from '../addresses.js';

export type Unreachable = 'loopback' | 'not-of-the-world' | 'link';

const loopback = blockList(['127.0.0.0/8', '::1/128']);
const link = blockList(linkNetworks);
/** Of this machine, of one link, of many, or of nobody; none can be meant by a container as an address of the world. */
const others = blockList([
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  'fe80::/10',
  'ff00::/8',
]);

/**
 * Why an address is none to connect to from the gateway's place; undefined: it is one. Threat: what is harmless in a container's own network is the host's here,
 * its loopback above all, where services trust whoever comes, and the addresses at which clouds give away credentials (169.254.0.0/16).
 */
export function unreachable(
  address: string,
  { hostLoopback }: { readonly hostLoopback: boolean },
): Unreachable | undefined {
  const plain = withoutMapping(address);
  const family = isIPv4(plain) ? 'ipv4' : isIPv6(plain) ? 'ipv6' : undefined;
  if (family === undefined || others.check(plain, family)) return 'not-of-the-world';
  if (link.check(plain, family)) return 'link';
  return loopback.check(plain, family) && !hostLoopback ? 'loopback' : undefined;
}

/** An IPv4 address can be written as one of IPv6, to which the kernel then connects by IPv4 (RFC 4291 section 2.5.5). */
function withoutMapping(address: string): string {
  const mapped = /^::(?:ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped ?? address;
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/');
    list.addSubnet(address, Number(prefix), isIPv4(address) ? 'ipv4' : 'ipv6');
  }
  return list;
}
