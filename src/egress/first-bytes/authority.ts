import { canonicalHostName } from '../../common/host-name.js';
import { ipAddressText, parseIpAddress } from '../../common/ip-address.js';
import type { Authority } from './types.js';

/** Reads `host`, `host:port`, `10.0.0.5:80` and `[::1]:80`. Undefined for anything else, a user in front of it among that. */
export function parseAuthority(text: string): Authority | undefined {
  const [whole, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const host = bracketed === undefined ? hostOf(plain ?? '') : ipv6Of(bracketed);
  if (host === undefined) return undefined;
  if (port === undefined) return { host };
  const number = Number(port);
  return number >= 1 && number <= 65_535 ? { host, port: number } : undefined;
}

function hostOf(text: string): string | undefined {
  const address = parseIpAddress(text);
  return address === undefined ? canonicalHostName(text) : ipAddressText(address);
}

function ipv6Of(text: string): string | undefined {
  const address = text.includes(':') ? parseIpAddress(text) : undefined;
  return address === undefined ? undefined : ipAddressText(address);
}
