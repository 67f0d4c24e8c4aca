import { type HostName, hostText, parseAuthority } from './authority.js';

/** Docker Hub, by the name that images have. */
export const hub = 'docker.io';

/** Every host that answers as the Hub's registry: an image of the Hub by another of them is the same image. */
export const hubHosts: readonly string[] = [
  hub,
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
  // Of the time before the others had IPv6 ("Beta IPv6 Support on Docker Hub Registry").
  'registry.ipv6.docker.com',
];

/**
 * The one name of a registry, as it stands before the path of a repository. The ports of its two schemes are left out, since whoever writes the
 * name of an image doesn't say by which it will be asked for.
 */
export function registryName(host: HostName, port: number | undefined): string {
  // Without a dot or a port it would be read as a namespace of the Hub.
  if (host.kind === 'name' && !host.text.includes('.') && host.text !== 'localhost')
    return `${host.text}:${port ?? 443}`;
  const plain = port === undefined || port === 443 || port === 80;
  if (plain && hubHosts.includes(host.text)) return hub;
  return plain ? hostText(host) : `${hostText(host)}:${port}`;
}

/** The same of a registry as it is written: `GHCR.io:443` is `ghcr.io`. @returns undefined for what is no host. */
export function parseRegistryName(text: string): string | undefined {
  const authority = parseAuthority(text);
  return authority === undefined ? undefined : registryName(authority.host, authority.port);
}

/** The path of a repository as its registry has it in full: at the Hub a name of one part is one of `library`. */
export function fullPath(registry: string, path: string): string {
  return registry === hub && !path.includes('/') ? `library/${path}` : path;
}
