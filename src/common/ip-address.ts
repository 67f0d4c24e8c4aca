import { isIPv4, isIPv6 } from 'node:net';

/** An address as a number, so that one that can be written in several ways is one address. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** All addresses whose first `prefix` bits are those of `value`; the rest of `value` is zero. */
export interface IpNetwork extends IpAddress {
  readonly prefix: number;
}

const width = { 4: 32, 6: 128 } as const;
const mappedPrefix = 0xffffn;

/**
 * Reads an address in the forms that are read in one way alone: four decimal numbers, or RFC 4291 without a zone. One of IPv4 that is written as one of IPv6
 * (`::ffff:10.0.0.5`) is the IPv4 address: it is the same machine, whatever rules there are about it.
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (isIPv4(text)) return { family: 4, value: fromParts(text.split('.').map(Number), 8n) };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const value = ipv6Value(text);
  return value >> 32n === mappedPrefix ? { family: 4, value: value & 0xffff_ffffn } : { family: 6, value };
}

/** Reads `10.0.0.0/8` or `fd00::/8`; an address alone is the network of that address. Undefined where bits are set behind the prefix: which network was meant? */
export function parseIpNetwork(text: string): IpNetwork | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const ip = parseIpAddress(address);
  if (ip === undefined || rest.length > 0) return undefined;
  if (length === undefined) return { ...ip, prefix: width[ip.family] };
  if (!/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  // `::ffff:10.0.0.0/104` is the network of an IPv4 address as well.
  const prefix = Number(length) - (ip.family === 4 && address.includes(':') ? 96 : 0);
  if (prefix < 0 || prefix > width[ip.family]) return undefined;
  return masked(ip, prefix) === ip.value ? { ...ip, prefix } : undefined;
}

/** The address without what is behind the prefix. */
export function masked({ family, value }: IpAddress, prefix: number): bigint {
  const behind = BigInt(width[family] - prefix);
  return (value >> behind) << behind;
}

export function isWithin(address: IpAddress, network: IpNetwork): boolean {
  return address.family === network.family && masked(address, network.prefix) === network.value;
}

/** The one form of an address somebody wrote, who may have done so in several ways; undefined for what is none. */
export function canonicalAddress(text: string): string | undefined {
  const address = parseIpAddress(text);
  return address === undefined ? undefined : ipAddressText(address);
}

/** The one way an address is written here: of RFC 5952. */
export function ipAddressText({ family, value }: IpAddress): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((value >> BigInt(112 - index * 16)) & 0xffffn).toString(16),
  ).join(':');
  const [longest] = [...groups.matchAll(/\b0(?::0)+\b/g)].sort(([a], [b]) => b.length - a.length);
  if (longest === undefined) return groups;
  const before = groups.slice(0, longest.index).replace(/:$/, '');
  return `${before}::${groups.slice(longest.index + longest[0].length).replace(/^:/, '')}`;
}

function ipv6Value(text: string): bigint {
  const dotted = /[^:]*\.[^:]*$/.exec(text)?.[0];
  const plain = dotted === undefined ? text : text.replace(dotted, hexadecimal(dotted));
  const [before = '', after] = plain.split('::');
  const left = groupsOf(before);
  const right = groupsOf(after ?? '');
  const zeros = after === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => 0);
  return fromParts([...left, ...zeros, ...right], 16n);
}

/** `10.0.0.5` as the two groups it is. */
function hexadecimal(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

function fromParts(parts: readonly number[], bits: bigint): bigint {
  return parts.reduce((value, part) => (value << bits) | BigInt(part), 0n);
}
