import { canonicalHostName, isSubdomain } from '../../common/host-name.js';
import { type IpAddress, ipAddressText, isWithin, parseIpAddress } from '../../common/ip-address.js';
import { includesPort, parsePortList, type PortList } from '../../common/port-list.js';
import {
  type Destination,
  exclusionsOf,
  type GivenContainersProxy,
  parseExclusion,
  proxyAddress,
} from '../../policy/index.js';
import type { ProxyServer } from '../upstream-proxy/index.js';

/** Proxies for what is said in plain HTTP and for everything else. Without one there is no way, but for what is excluded. */
export interface Proxies {
  readonly http?: ProxyServer;
  readonly https?: ProxyServer;
  /** What goes there without a proxy. */
  readonly exclude: readonly Destination[];
}

/** `containersProxy`, understood. */
export interface ContainersProxy {
  /** Ports of containers that are held to it; the engine is, whatever port it connects to. */
  readonly ports: PortList;
  readonly way:
    /** As the host does it. */
    | { readonly kind: 'system' }
    | ({ readonly kind: 'manual' } & Proxies)
    | { readonly kind: 'pac'; readonly text: string }
    | { readonly kind: 'pac'; readonly url: string };
}

/** Docker's precedence: `embeddedPac` before `pac` before `http`, `https` and `exclude`, and all of them in mode `manual` alone. */
export function containersProxyOf(given: GivenContainersProxy): ContainersProxy {
  const { mode, embeddedPac = '', pac = '', transparentPorts = '' } = given;
  const ports = transparentPorts === '' ? [] : (parsePortList(transparentPorts) ?? []);
  if (mode === 'system') return { ports, way: { kind: 'system' } };
  if (embeddedPac.trim() !== '') return { ports, way: { kind: 'pac', text: embeddedPac } };
  if (pac !== '') return { ports, way: { kind: 'pac', url: pac } };
  return { ports, way: { kind: 'manual', ...proxiesOf(given) } };
}

/** Of addresses as a policy has them, or as the host says of itself. What is no address of a proxy is none. */
export function proxiesOf({
  http = '',
  https = '',
  exclude = [],
}: Partial<Pick<GivenContainersProxy, 'http' | 'https' | 'exclude'>>): Proxies {
  const [plain, secure] = [serverOf(http), serverOf(https)];
  return {
    ...(plain === undefined ? {} : { http: plain }),
    ...(secure === undefined ? {} : { https: secure }),
    exclude: exclusionsOf(exclude).flatMap((item) => parseExclusion(item) ?? []),
  };
}

/** Whether a destination needs no proxy. A name stands for what is below it as well, as in Go's NO_PROXY, which Docker reads it by. */
export function isExcluded(
  exclude: readonly Destination[],
  { name, address, port }: { readonly name?: string; readonly address: IpAddress; readonly port: number },
): boolean {
  return exclude.some(({ hosts, ports }) => {
    if (ports !== undefined && !includesPort(ports, port)) return false;
    if (hosts.kind === 'every') return true;
    if (hosts.kind === 'network') return isWithin(address, hosts.network);
    if (name === undefined) return false;
    return hosts.kind === 'name'
      ? name === hosts.name || isSubdomain(name, hosts.name)
      : isSubdomain(name, hosts.domain);
  });
}

const standardPorts = { http: 80, https: 443, socks5: 1080 } as const;

function serverOf(text: string): ProxyServer | undefined {
  const address = proxyAddress(text);
  if (address === undefined) return undefined;
  const { protocol, hostname, port, username, password } = new URL(address);
  const spoken = protocol === 'https:' ? 'https' : protocol === 'http:' ? 'http' : 'socks5';
  const ip = parseIpAddress(hostname.replaceAll(/^\[|\]$/g, ''));
  const host = ip === undefined ? canonicalHostName(hostname) : ipAddressText(ip);
  if (host === undefined) return undefined;
  const user = { name: decodeURIComponent(username), password: decodeURIComponent(password) };
  return {
    kind: 'proxy',
    protocol: spoken,
    host,
    port: port === '' ? standardPorts[spoken] : Number(port),
    ...(username === '' ? {} : { user }),
  };
}
