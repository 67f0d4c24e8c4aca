import type { AddressFamily } from '../../egress/connect-access/index.js';
import type { DnsInhibition } from '../../policy/index.js';

/** By themselves: of what the routes of a VM lead to, which has IPv4 alone, and of what a gateway connects to, which takes connections of both. */
const notReached = { routes: 'ipv6', gateway: undefined } as const;

/** The addresses names are without, by `dnsInhibition`: of `auto` those that are not reached. */
export function leftOut(inhibition: DnsInhibition, way: 'routes' | 'gateway'): AddressFamily | undefined {
  const families = { auto: notReached[way], ipv4: 'ipv4', ipv6: 'ipv6', none: undefined } as const;
  return families[inhibition];
}
