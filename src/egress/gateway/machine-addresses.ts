import { networkInterfaces } from 'node:os';
import { canonicalAddress, type IpAddress, ipAddressText } from '../../common/ip-address.js';

const freshMs = 5000;

/** Whether an address is one of this machine's, which are looked up again every few seconds: a laptop changes networks. */
export function machineAddresses(
  read: () => readonly string[] = interfaceAddresses,
  now = () => performance.now(),
): (address: IpAddress) => boolean {
  let known = new Set<string>();
  let until = -Infinity;
  return (address) => {
    if (now() >= until) {
      known = new Set(read().flatMap((text) => canonicalAddress(text) ?? []));
      until = now() + freshMs;
    }
    return known.has(ipAddressText(address));
  };
}

function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.map(({ address }) => address),
  );
}
