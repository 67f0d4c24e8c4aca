import { parseAddress, parseAuthority } from '../../common/authority.js';
import { isWithin, parseIpAddress, parseIpNetwork } from '../../common/ip-address.js';
import type { Place } from './place.js';

/**
 * What the engine is told to take without a certificate (`insecure-registries` of dockerd: `HOST`, `HOST:PORT`, or a network). Narrower than dockerd in one thing: a name is not
 * insecure for the addresses it has.
 */
export function insecureRegistries(list: readonly string[]): (place: Place) => boolean {
  const networks = list.flatMap((text) => (text.includes('/') ? (parseIpNetwork(text) ?? []) : []));
  const hosts = new Set(
    list.flatMap((text) => {
      const named = parseAuthority(text) ?? { host: parseAddress(text), port: undefined };
      return named.host === undefined ? [] : [keyOf(named.host.text, named.port)];
    }),
  );
  return ({ host, port }) => {
    if (hosts.has(keyOf(host.text, port)) || (isUsual(port) && hosts.has(keyOf(host.text, undefined))))
      return true;
    const address = host.kind === 'name' ? undefined : parseIpAddress(host.text);
    return address !== undefined && networks.some((network) => isWithin(address, network));
  };
}

const isUsual = (port: number): boolean => port === 443 || port === 80;

function keyOf(host: string, port: number | undefined): string {
  return `${host} ${port ?? ''}`;
}
