import { matchesGlob } from '../../common/glob.js';
import { parseIpAddress } from '../../common/ip-address.js';
import { dateRange, timeRange, weekdayRange } from './pac-calendar.js';
import type { PacValue } from './pac-value.js';

/** What the functions need of the world. */
export interface PacSurroundings {
  readonly now: () => Date;
  /** The first IPv4 address of a name, null where there is none, undefined where that is not known yet. */
  readonly resolve: (name: string) => string | null | undefined;
  /** An address of the machine that dials. */
  readonly ownAddress: string;
}

export type PacFunction = (...args: readonly PacValue[]) => PacValue;

/**
 * The functions a proxy auto-configuration file may call (Netscape's of 1996; what later browsers added for IPv6 is none of them, and a file that calls it fails). They are here and not those of
 * `pac-resolver`, because these ask the machine's resolver behind our back, match with regular expressions made of the file's patterns, and need the file rewritten by a parser of ES2017.
 */
export function pacFunctions({
  now,
  resolve,
  ownAddress,
}: PacSurroundings): Readonly<Record<string, PacFunction>> {
  const addressOf = (host: string): string | null => ipv4(host) ?? resolve(host.toLowerCase()) ?? null;
  return {
    isPlainHostName: (host = '') => !/[.:]/.test(String(host)),
    dnsDomainIs: (host = '', domain = '') => lower(host).endsWith(lower(domain)),
    localHostOrDomainIs: (host = '', full = '') =>
      lower(host) === lower(full) || lower(full).startsWith(`${lower(host)}.`),
    isResolvable: (host = '') => addressOf(String(host)) !== null,
    dnsResolve: (host = '') => addressOf(String(host)),
    isInNet: (host = '', pattern = '', mask = '') =>
      isInNet(addressOf(String(host)), String(pattern), String(mask)),
    myIpAddress: () => ownAddress,
    convert_addr: (address = '') => number(String(address)) ?? 0,
    dnsDomainLevels: (host = '') => String(host).split('.').length - 1,
    shExpMatch: (text = '', pattern = '') => matchesGlob(String(text), String(pattern), '?'),
    weekdayRange: (...args) => weekdayRange(now(), args),
    dateRange: (...args) => dateRange(now(), args),
    timeRange: (...args) => timeRange(now(), args),
    alert: () => null,
  };
}

function lower(value: PacValue): string {
  return String(value).toLowerCase();
}

function ipv4(text: string): string | undefined {
  return parseIpAddress(text)?.family === 4 ? text : undefined;
}

function number(text: string): number | undefined {
  const address = parseIpAddress(text);
  return address?.family === 4 ? Number(address.value) : undefined;
}

function isInNet(address: string | null, pattern: string, mask: string): boolean {
  const numbers = [address ?? '', pattern, mask].map(number);
  const [own, wanted, bits] = numbers;
  if (own === undefined || wanted === undefined || bits === undefined) return false;
  return (own & bits) === (wanted & bits);
}
