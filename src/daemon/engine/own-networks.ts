import { existsSync } from 'node:fs';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { link } from '../../common/egress-link.js';

/**
 * The networks the VM itself is on, in CIDR form: those of its network cards. The engine's bridges are no cards; what they have is the
 * engine's to give.
 */
export function readOwnNetworks(
  interfaces: Readonly<Partial<Record<string, NetworkInterfaceInfo[]>>> = networkInterfaces(),
  isOwn: (name: string) => boolean = isCard,
): string[] {
  return Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    isOwn(name)
      ? addresses.flatMap(({ cidr, scopeid = 0 }) => (cidr === null || scopeid !== 0 ? [] : [cidr]))
      : [],
  );
}

const isCard = (name: string): boolean => existsSync(`/sys/class/net/${name}/device`);

/** The engine's one way out (`src/egress/network/way.h`), where it has one. */
const isEgressLink = (name: string): boolean => name === 'egress0';

export const hasEgressLink = (): boolean => readOwnNetworks(undefined, isEgressLink).length > 0;

/** Those of the engine this process is beside. Natively the cards of the machine are not the engine's. */
export function ownNetworksOf(mode: 'vm' | 'native'): string[] {
  return readOwnNetworks(undefined, (name) => isEgressLink(name) || (mode === 'vm' && isCard(name)));
}

/**
 * Of the engine's configuration file: the name servers containers are told of where there is that way out. Threat: dockerd asks those of its own resolv.conf itself for a container, and what is allowed to one is
 * then asked for all, and as the engine. Servers it is configured with it asks in the container's name.
 *
 * @param networks the engine's own; those of the way out are of nobody else.
 */
export function egressNameServers(networks: readonly string[]): { dns?: string[] } {
  const isOwn = (address: string | undefined): boolean =>
    networks.some((network) => network.replace(/\/.*/, '') === address);
  const dns = link.way.filter((_, family) => isOwn(link.engine[family]));
  return dns.length === 0 ? {} : { dns };
}

/** The addresses of the loopback that can be listened on: that of IPv6 only where it is not switched off. */
export function readLoopback(
  interfaces: Readonly<Partial<Record<string, NetworkInterfaceInfo[]>>> = networkInterfaces(),
): string[] {
  const hasIPv6 = Object.values(interfaces).some((addresses = []) =>
    addresses.some(({ address }) => address === '::1'),
  );
  return hasIPv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'];
}
