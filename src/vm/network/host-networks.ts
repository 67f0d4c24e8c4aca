import { readFileSync } from 'node:fs';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { ipv4NetworkText, parseIpv4Network } from '../../common/ipv4-network.js';
import type { TakenNetwork } from './choose-network.js';

/** A route of less is a way out and no network: a VPN that takes everything has two of half the Internet each. */
const shortestPrefix = 8;

/** The IPv4 networks this machine is on or has a route to. Where the system does not tell, there are fewer. */
export function readHostNetworks(
  interfaces: Readonly<Partial<Record<string, NetworkInterfaceInfo[]>>> = networkInterfaces(),
  routes = readRoutes(),
): TakenNetwork[] {
  const own = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ cidr, family, internal }) =>
      internal || family !== 'IPv4' || cidr === null ? [] : [{ cidr, what: `${name} of this machine` }],
    ),
  );
  // An interface has a route to its own network.
  const byNetwork = new Map(
    [...own, ...parseRoutes(routes)].toReversed().map((one) => [networkOf(one), one]),
  );
  return [...byNetwork.values()].toReversed();
}

function networkOf({ cidr }: TakenNetwork): string {
  const network = parseIpv4Network(cidr);
  return network === undefined ? cidr : ipv4NetworkText(network);
}

/** The table of proc_pid_net(5): destination and mask are words of the machine's byte order, in hex. */
function parseRoutes(table: string): TakenNetwork[] {
  return table.split('\n').flatMap((line) => {
    const [name = '', destination = '', , , , , , mask = ''] = line.split(/\s+/);
    if (!isWord(destination) || !isWord(mask) || name === 'lo') return [];
    const prefix = Number.parseInt(mask, 16).toString(2).replaceAll('0', '').length;
    if (prefix < shortestPrefix) return [];
    const cidr = `${(destination.match(/../g) ?? [])
      .map((byte) => Number.parseInt(byte, 16))
      .toReversed()
      .join('.')}/${prefix}`;
    return [{ cidr, what: `the route ${cidr} of this machine by ${name}` }];
  });
}

function isWord(text: string): boolean {
  return /^[0-9A-F]{8}$/.test(text);
}

function readRoutes(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8');
  } catch {
    // Another system: its interfaces are known all the same.
    return '';
  }
}
