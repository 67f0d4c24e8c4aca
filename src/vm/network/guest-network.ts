import { addressIn, ipv4NetworkText, parseIpv4Network } from '../../common/ipv4-network.js';

/** The addresses of QEMU's user network, all of one IPv4 network. */
export interface GuestNetwork {
  /** In CIDR form, as `192.168.65.0/24`. */
  readonly cidr: string;
  /** The host, as the VM sees it: its way out, and never a destination of it (docs/architecture.md). */
  readonly gateway: string;
  /** libslirp's, which asks the host's first name server. */
  readonly resolver: string;
  /** The VM's own, with the length of the prefix. */
  readonly address: string;
}

/**
 * Gives the VM and what it reaches their addresses: the lowest there are, so that the smallest network has room for them.
 *
 * @param cidr as `settingValues.vpnkitCIDR` takes it.
 */
export function guestNetwork(cidr: string): GuestNetwork {
  const network = parseIpv4Network(cidr);
  if (network === undefined) throw new TypeError(`${cidr} is no IPv4 network`);
  return {
    cidr: ipv4NetworkText(network),
    gateway: addressIn(network, 1),
    resolver: addressIn(network, 2),
    address: `${addressIn(network, 3)}/${network.prefix}`,
  };
}

/** As `bulkhead.net=` has it on the kernel command line (`vm-image/init/net_params.c`). */
export function kernelNetwork({ address, gateway, resolver }: GuestNetwork): string {
  return [address, gateway, resolver].join(',');
}

/**
 * QEMU's user network. By IPv6 as well as by IPv4 the guest would reach the loopback of the host; PID 1 closes the latter and configures IPv4 alone.
 */
export function userNetwork({ cidr, gateway, resolver, address }: GuestNetwork): string {
  const guest = address.replace(/\/.*/, '');
  return `user,id=net0,ipv6=off,net=${cidr},host=${gateway},dns=${resolver},dhcpstart=${guest}`;
}
