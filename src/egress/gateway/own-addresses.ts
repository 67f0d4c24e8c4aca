import {
  type IpAddress,
  type IpNetwork,
  isWithin,
  parseIpAddress,
  parseIpNetwork,
} from '../../common/ip-address.js';
import { linkNetworks } from '../addresses.js';
import { addressKind, reachedAddress } from '../connect-access/index.js';

export type Unreachable = 'loopback' | 'not-of-the-world' | 'link';

const loopback = networks('127.0.0.0/8', '::1');
const link = networks(...linkNetworks);

/**
 * Why an address is none to connect to from the gateway's place; undefined: it is one. Threat: what is harmless in a container's own network is the host's here,
 * its loopback above all, where services trust whoever comes, and the addresses at which clouds give away credentials (169.254.0.0/16).
 */
export function unreachable(text: string): Unreachable | undefined {
  const address = parseIpAddress(text);
  if (address === undefined) return 'not-of-the-world';
  if (isAmong(address, link)) return 'link';
  if (isAmong(reachedAddress(address), loopback)) return 'loopback';
  return addressKind(address) === 'host' ? 'not-of-the-world' : undefined;
}

function isAmong(address: IpAddress, list: readonly IpNetwork[]): boolean {
  return list.some((network) => isWithin(address, network));
}

function networks(...texts: readonly string[]): readonly IpNetwork[] {
  return texts.flatMap((text) => parseIpNetwork(text) ?? []);
}
