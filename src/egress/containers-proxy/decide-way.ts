import { isDeepStrictEqual } from 'node:util';
import { type IpAddress, ipAddressText } from '../../common/ip-address.js';
import { includesPort } from '../../common/port-list.js';
import type { Refusal, Who } from '../connect-access/index.js';
import { destinationText, hostAndPort, whoText } from '../connect-access/refusals.js';
import type { FirstBytes } from '../first-bytes/index.js';
import { parsePacAnswer } from '../pac/index.js';
import type { Hop } from '../upstream-proxy/index.js';
import { type ContainersProxy, isExcluded, type Proxies } from './containers-proxy.js';

/** A connection that may be made, as far as the rules about destinations go. */
export interface Outbound {
  readonly who: Who;
  /** The name it is made to; absent where only the address is known. Of every port: Docker's files see names for 80 and 443 alone. */
  readonly name?: string;
  readonly address: IpAddress;
  readonly port: number;
  readonly first?: FirstBytes;
}

export type DecidedWay =
  /** To be tried in their order; none of them rejects. */
  | { readonly kind: 'hops'; readonly hops: readonly [Hop, ...Hop[]] }
  | { readonly kind: 'refuse'; readonly refusal: Refusal };

/** `ask-pac`: what the file says decides; `wayByPac` reads it. */
export type Way = DecidedWay | { readonly kind: 'ask-pac'; readonly url: string; readonly host: string };

const direct: DecidedWay = { kind: 'hops', hops: [{ kind: 'direct' }] };

/**
 * The way out of a connection by `containersProxy`.
 *
 * @param system what the host says of itself, for mode `system`.
 */
export function decideWay(
  setting: ContainersProxy,
  system: Proxies,
  outbound: Outbound,
  contact: string,
): Way {
  const { who, port, name, address } = outbound;
  if (who.kind !== 'engine' && !includesPort(setting.ports, port)) return direct;
  const { way } = setting;
  const scheme = schemeOf(outbound);
  if (way.kind === 'pac') {
    const host = name ?? ipAddressText(address);
    return { kind: 'ask-pac', url: `${scheme}://${hostAndPort(host, port)}`, host };
  }
  const proxies = way.kind === 'system' ? system : way;
  if (isExcluded(proxies.exclude, outbound)) return direct;
  const proxy = scheme === 'http' ? proxies.http : proxies.https;
  if (proxy !== undefined) return { kind: 'hops', hops: [proxy] };
  // Without a proxy of its own the host goes directly, and the engine and containers as it does.
  return way.kind === 'system'
    ? direct
    : refuse(outbound, `there is no proxy for ${scheme}, and it is not excluded`, contact);
}

/** Whether the way of a client's connections to a port hangs on what it says first: the name they are made to, or that it is plain HTTP. Threat: of the engine as well, which asks for names a Dockerfile says, several at once. */
export function goesByName(
  { ports, way }: ContainersProxy,
  system: Proxies,
  { who, port }: Pick<Outbound, 'who' | 'port'>,
): boolean {
  if (who.kind !== 'engine' && !includesPort(ports, port)) return false;
  if (way.kind === 'pac') return true;
  const { http, https, exclude } = way.kind === 'system' ? system : way;
  // Which of the two it is hangs on what is spoken there.
  if (!isDeepStrictEqual(http, https)) return true;
  return exclude.some(({ hosts }) => hosts.kind === 'name' || hosts.kind === 'subdomains');
}

/** @param answer of `FindProxyForURL`. */
export function wayByPac(answer: string, outbound: Outbound, contact: string): DecidedWay {
  const hops = parsePacAnswer(answer);
  if (typeof hops === 'string') return pacFailed(hops, outbound, contact);
  // What comes after it is never tried: rejecting cannot fail.
  const [first, ...others] = hops;
  if (first.kind === 'reject')
    return refuse(outbound, 'the proxy auto-configuration file rejects it', contact);
  const end = others.findIndex(({ kind }) => kind === 'reject');
  return { kind: 'hops', hops: [first, ...(end < 0 ? others : others.slice(0, end))] };
}

/** The file gave no answer that could be gone by. */
export function pacFailed(reason: string, outbound: Outbound, contact: string): DecidedWay {
  return refuse(outbound, `the proxy auto-configuration file decides it, and ${reason}`, contact);
}

function refuse(outbound: Outbound, reason: string, contact: string): DecidedWay {
  const destination = destinationText(outbound, outbound.name);
  const params = { who: whoText(outbound.who), destination, reason, contact };
  return { kind: 'refuse', refusal: { code: 'BH_CONTAINERS_PROXY', params } };
}

function schemeOf({ port, first }: Outbound): 'http' | 'https' {
  if (first?.kind === 'http' || first?.kind === 'http2') return 'http';
  return first?.kind === 'tls' || port !== 80 ? 'https' : 'http';
}
