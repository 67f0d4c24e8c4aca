import { type IpAddress, ipAddressText } from '../../common/ip-address.js';
import { type ConnectPolicy, isAllowedByName, type Target, type Who } from '../connect-access/index.js';
import type { DialTarget } from '../upstream-proxy/index.js';

/**
 * What a proxy is asked for. Threat: a proxy finds addresses of a name itself, others than those that were judged. So it is given the name where that is allowed as such, and
 * otherwise an address that is.
 *
 * @param address of the target's, judged.
 */
export function askedOfProxy(
  policy: ConnectPolicy,
  who: Who,
  target: Exclude<Target, { kind: 'host' }>,
  address: IpAddress,
): DialTarget {
  const { port } = target;
  const isNamed = target.kind === 'name' && isAllowedByName(policy, who, target.name, port);
  return { host: isNamed ? target.name : ipAddressText(address), port };
}
