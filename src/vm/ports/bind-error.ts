import { isIPv6 } from 'node:net';
import { codeOf, messageOf } from '../../common/cause.js';
import type { PortProtocol } from '../../common/ports.js';

interface Place {
  readonly protocol: PortProtocol;
  readonly address: string;
  readonly port: number;
}

/** A port as people write it: `0.0.0.0:80`, `[::]:80`. */
export const placeText = (address: string, port: number): string =>
  `${isIPv6(address) ? `[${address}]` : address}:${port}`;

const words: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use (on the host)',
  EADDRNOTAVAIL: 'cannot assign requested address (the host does not have it)',
};

/** Why the host can't listen, in the words of a local engine, which scripts know. */
export function bindErrorText({ protocol, address, port }: Place, cause: unknown): string {
  const family = isIPv6(address) ? '6' : '4';
  return `listen ${protocol}${family} ${placeText(address, port)}: bind: ${reasonOf(port, cause)}`;
}

function reasonOf(port: number, cause: unknown): string {
  const code = codeOf(cause);
  if (code === 'EACCES' && port < 1024)
    return `permission denied (ports below 1024 of the host are not everybody's; an administrator opens those from ${port} on with sysctl net.ipv4.ip_unprivileged_port_start=${port})`;
  return words[String(code)] ?? messageOf(cause);
}

/** Whether the host has no IPv6 at all, in which case what listens everywhere or on the loopback listens there by IPv4 alone, as with a local engine. */
export function isWithoutIPv6(address: string, cause: unknown): boolean {
  const code = codeOf(cause);
  return (address === '::' || address === '::1') && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL');
}
