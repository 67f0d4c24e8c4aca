import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';

/** Where this machine asks for names; empty on another system, where QEMU finds out by other means. */
export function readNameServers(platform = process.platform): string | undefined {
  if (platform !== 'linux') return undefined;
  try {
    return readFileSync('/etc/resolv.conf', 'utf8');
  } catch {
    return '';
  }
}

/**
 * What a person should know of the names the VM will find: libslirp, which asks for it, takes the first name server with an IPv4 address (one on the loopback
 * as well, it is on this machine) and follows the file; without one nothing but the names of the host resolves.
 *
 * @param file content of resolv.conf(5), undefined for none.
 */
export function nameServerNotes(file: string | undefined): string[] {
  if (file === undefined) return [];
  const servers = [...file.matchAll(/^nameserver\s+(\S+)/gm)].map(([, address = '']) => address);
  if (servers.some((address) => isIPv4(address))) return [];
  return [
    '/etc/resolv.conf of this machine names no name server with an IPv4 address, which is what the VM asks: names do not resolve in it until there is one.',
  ];
}
