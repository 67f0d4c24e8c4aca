import { type IpAddress, ipAddressText, parseIpAddress } from '../../common/ip-address.js';
import { type Connection, hostName, type Target } from '../connect-access/index.js';
import type { DecidedWay } from '../containers-proxy/index.js';
import type { FirstBytes } from '../first-bytes/index.js';
import type { ConnectFacts } from './facts.js';

/**
 * The way out of a connection that may be made. Threat: of two names with one address, as servers of many have it, a client resolves the one that goes without a proxy last,
 * and asks for the other, or resolves none. So what it asks for is the name that counts, where that has the address; otherwise the way is that of the address alone, unless
 * what it asks for is refused.
 *
 * @param address that is dialled first.
 */
export async function wayOf(
  { wayOut, resolve }: Required<Pick<ConnectFacts, 'wayOut'>> & Pick<ConnectFacts, 'resolve'>,
  { who, port, first, names }: Connection,
  { target, address }: { readonly target: Target; readonly address: IpAddress },
): Promise<DecidedWay> {
  const along = async (name?: string): Promise<DecidedWay> =>
    wayOut({
      who,
      address,
      port,
      ...(name === undefined ? {} : { name }),
      ...(first === undefined ? {} : { first }),
    });
  if (target.kind === 'name') return along(target.name);
  if (target.kind === 'host') return along(hostName);
  const said = saidName(first);
  if (said === undefined) return along(names[0]);
  const isItsName =
    names.includes(said) ||
    (await resolve(said, address)).addresses.some((each) => ipAddressText(each) === ipAddressText(address));
  if (isItsName) return along(said);
  const asSaid = await along(said);
  return asSaid.kind === 'refuse' ? asSaid : along();
}

/** Whom a client asks for itself, not a proxy out there for. */
function saidName(first: FirstBytes | undefined): string | undefined {
  if (first?.kind === 'tls') return first.serverName;
  if (first?.kind !== 'http' || (first.form !== 'origin' && first.form !== 'asterisk')) return undefined;
  const host = first.authority?.host;
  return host === undefined || parseIpAddress(host) !== undefined ? undefined : host;
}
