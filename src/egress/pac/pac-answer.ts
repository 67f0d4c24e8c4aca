import { canonicalHostName } from '../../common/host-name.js';
import { canonicalAddress } from '../../common/ip-address.js';
import type { Hop } from '../upstream-proxy/index.js';

/** By which Docker's files refuse, with any port. */
const rejecting = 'reject.docker.internal';

const protocols = { PROXY: 'http', HTTP: 'http', HTTPS: 'https', SOCKS5: 'socks5' } as const;
const standardPorts = { http: 80, https: 443, socks5: 1080 } as const;

/**
 * Reads what `FindProxyForURL` says: `DIRECT`, `PROXY host:port`, `HTTPS host:port`, `SOCKS5 host:port`, several with `;` between them, to be tried in their order.
 *
 * @returns what is wrong with it, as a clause, where anything is: none of it is taken then. `SOCKS` and `SOCKS4` are not spoken here; nothing at all is no answer.
 */
export function parsePacAnswer(text: string): readonly [Hop, ...Hop[]] | string {
  const parts = text.split(';').map((part) => part.trim());
  if (parts.at(-1) === '') parts.pop();
  const hops: Hop[] = [];
  for (const part of parts) {
    const hop = hopOf(part);
    if (hop === undefined)
      return `it answers ${JSON.stringify(part.slice(0, 100))}, which is none of DIRECT, PROXY, HTTPS and SOCKS5 with a host`;
    hops.push(hop);
  }
  const [first, ...others] = hops;
  return first === undefined ? 'it answers nothing' : [first, ...others];
}

function hopOf(part: string): Hop | undefined {
  if (part.toUpperCase() === 'DIRECT') return { kind: 'direct' };
  const [, kind = '', bracketed, plain, port] =
    /^([A-Za-z0-9]+)\s+(?:\[([^\]]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/.exec(part) ?? [];
  const protocol = protocolOf(kind.toUpperCase());
  const host = hostOf(bracketed ?? plain ?? '');
  if (protocol === undefined || host === undefined) return undefined;
  const number = port === undefined ? standardPorts[protocol] : Number(port);
  if (host === rejecting) return { kind: 'reject' };
  return number >= 1 && number <= 65_535 ? { kind: 'proxy', protocol, host, port: number } : undefined;
}

function protocolOf(kind: string): 'http' | 'https' | 'socks5' | undefined {
  return kind === 'PROXY' || kind === 'HTTP' || kind === 'HTTPS' || kind === 'SOCKS5'
    ? protocols[kind]
    : undefined;
}

function hostOf(text: string): string | undefined {
  return canonicalAddress(text) ?? canonicalHostName(text);
}
