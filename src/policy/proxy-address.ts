import { isIPv6 } from 'node:net';
import { isLoopback } from '../common/loopback.js';

/** What Go's client speaks to a proxy (net/http, Transport.Proxy). */
const protocols = new Set(['http:', 'https:', 'socks5:', 'socks5h:']);

/**
 * The address of a proxy in the one form that is handed on: with its scheme, its user and password encoded. Threat: dockerd masks a password in `docker info` only
 * where Go can parse the address (daemon/config, MaskCredentials); `user:password@proxy:3128` it prints as it is.
 *
 * @returns undefined for what is no address of a proxy. Without a scheme it is one of http, as for every client.
 */
export function proxyAddress(text: string): string | undefined {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (/[\p{Cc}\s]|%(?![0-9a-f]{2})/iu.test(whole) || !URL.canParse(whole)) return undefined;
  const { protocol, username, password, hostname, port, pathname, search, hash } = new URL(whole);
  const named =
    /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(hostname) || isIPv6(hostname.replaceAll(/^\[|\]$/g, ''));
  if (!protocols.has(protocol) || !named || !['', '/'].includes(pathname) || search + hash !== '')
    return undefined;
  const user = username === '' ? '' : `${username}${password === '' ? '' : `:${password}`}@`;
  return `${protocol}//${user}${hostname}${port === '' ? '' : `:${port}`}`;
}

/** The same without user and password, for people. */
export function maskedProxy(address: string): string {
  return address.replace(/\/\/[^/]*@/, '//xxxxx:xxxxx@');
}

/** Whether it is on the loopback of the machine it was written for, which is another one in a VM. */
export function isOnLoopback(address: string): boolean {
  const { hostname } = new URL(address);
  const host = hostname.replaceAll(/^\[|\]$/g, '').toLowerCase();
  return host === 'localhost' || host.endsWith('.localhost') || isLoopback(host);
}
