import { addressIn, ipv4NetworkText, parseIpv4Network } from '../../common/ipv4-network.js';
import type { AddressFamily } from '../../egress/connect-access/index.js';
import type { DnsInhibition } from '../../policy/index.js';
import { leftOut } from './left-out.js';

/** The addresses of QEMU's user network, all of one IPv4 network. */
export interface GuestNetwork {
  /** In CIDR form, as `192.168.65.0/24`. */
  readonly cidr: string;
  /** The host, as the VM sees it: its way out, and no destination of it unless `hostLoopback` says so (docs/architecture.md). */
  readonly gateway: string;
  /** libslirp's, which asks the host's first name server. */
  readonly resolver: string;
  /** The VM's own, with the length of the prefix. */
  readonly address: string;
  /** Where everybody in the VM asks for names (`vm-image/name-server`); nobody has the address. */
  readonly names: string;
  /** The addresses no name resolves to there. */
  readonly without: AddressFamily | undefined;
  /** Below which names without a dot are looked up. */
  readonly search: readonly string[];
  /** Whether what is sent to the gateway's address gets there, which is the loopback of the host. */
  readonly hostLoopback: boolean;
  /** Connections to the world that each network of containers may have at once; undefined: as many as PID 1 says. */
  readonly flows?: number | undefined;
  /** The world is reached by the gateway alone, and by this network nothing but published ports. */
  readonly restricted: boolean;
}

/**
 * Gives the VM and what it reaches their addresses: the lowest there are, so that the smallest network has room for them.
 *
 * @param cidr as `settingValues.vpnkitCIDR` takes it.
 */
export function guestNetwork(
  cidr: string,
  inhibition: DnsInhibition = 'auto',
  hostLoopback = false,
  restricted = false,
): GuestNetwork {
  const network = parseIpv4Network(cidr);
  if (network === undefined) throw new TypeError(`${cidr} is no IPv4 network`);
  return {
    cidr: ipv4NetworkText(network),
    gateway: addressIn(network, 1),
    resolver: addressIn(network, 2),
    address: `${addressIn(network, 3)}/${network.prefix}`,
    names: addressIn(network, 4),
    without: leftOut(inhibition, restricted ? 'gateway' : 'routes'),
    search: [],
    hostLoopback,
    restricted,
  };
}

/** What the kernel command line says of it (`vm-image/init/net_params.c`). */
export function kernelNetwork({
  address,
  gateway,
  resolver,
  names,
  without,
  search,
  hostLoopback,
  flows,
  restricted,
}: GuestNetwork): string[] {
  return [
    `bulkhead.net=${[address, gateway, resolver, names].join(',')}`,
    ...(without === undefined ? [] : [`bulkhead.names-without=${without}`]),
    ...(search.length === 0 ? [] : [`bulkhead.search=${search.join(',')}`]),
    ...(hostLoopback ? ['bulkhead.host-loopback=reached'] : []),
    ...(flows === undefined ? [] : [`bulkhead.flows=${flows}`]),
    ...(restricted ? ['bulkhead.egress=gateway'] : []),
  ];
}

/**
 * QEMU's user network. By IPv6 as well as by IPv4 the guest would reach the loopback of the host; PID 1 closes the latter and configures IPv4 alone. Where it is restricted, libslirp sends nothing
 * on but answers to TCP connections it has forwarded, whatever the guest has become.
 */
export function userNetwork({ cidr, gateway, resolver, address, restricted }: GuestNetwork): string {
  const guest = address.replace(/\/.*/, '');
  return `user,id=net0,ipv6=off,net=${cidr},host=${gateway},dns=${resolver},dhcpstart=${guest}${restricted ? ',restrict=on' : ''}`;
}
