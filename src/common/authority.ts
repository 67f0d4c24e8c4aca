import { isIPv4, isIPv6 } from 'node:net';
import { canonicalHostName } from './host-name.js';

/** A host in the one spelling it has here. */
export interface HostName {
  readonly kind: 'name' | 'ipv4' | 'ipv6';
  /** Lower case, without the dot at the end; an IPv6 address as RFC 5952 writes it, without brackets. */
  readonly text: string;
}

/** A host and the port behind it, where there is one. */
export interface Authority {
  readonly host: HostName;
  readonly port: number | undefined;
}

/**
 * Reads a host as it stands in a URL, in the name of an image or in a policy. Threat: two spellings of one host, of which a rule knows one: another case,
 * a dot at the end, `0x7f.1`, `::ffff:10.0.0.5`. What has one meaning comes out as one text; what parsers read in several ways is no host.
 *
 * @param text an IPv6 address in brackets; an internationalized name in its ASCII form.
 */
export function parseHost(text: string): HostName | undefined {
  const bracketed = /^\[([0-9a-fA-F:.]+)\]$/.exec(text)?.[1];
  if (bracketed !== undefined) return parseIpv6(bracketed);
  if (isIPv4(text)) return { kind: 'ipv4', text };
  const name = canonicalHostName(text);
  return name === undefined ? undefined : { kind: 'name', text: name };
}

/** An address by itself, IPv6 without brackets. An IPv4 address inside IPv6 is that IPv4 address: it is what would be connected to. */
export function parseAddress(text: string): HostName | undefined {
  return isIPv4(text) ? { kind: 'ipv4', text } : parseIpv6(text);
}

function parseIpv6(text: string): HostName | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const canonical = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (mapped === null) return { kind: 'ipv6', text: canonical };
  const [high, low] = [mapped[1], mapped[2]].map((part) => Number.parseInt(part ?? '', 16));
  const bytes = [high ?? 0, low ?? 0].flatMap((part) => [part >> 8, part & 0xff]);
  return { kind: 'ipv4', text: bytes.join('.') };
}

/** Reads `host` or `host:port`. @returns undefined for a port that is no port, or is not written as one. */
export function parseAuthority(text: string): Authority | undefined {
  const [, name = '', digits] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = parseHost(name);
  if (host === undefined) return undefined;
  if (digits === undefined) return { host, port: undefined };
  const port = Number(digits);
  return port >= 1 && port <= 65_535 && digits === String(port) ? { host, port } : undefined;
}

/** As it stands before a port. */
export function hostText({ kind, text }: HostName): string {
  return kind === 'ipv6' ? `[${text}]` : text;
}
