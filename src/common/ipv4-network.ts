import { isIPv4 } from 'node:net';

/** An IPv4 network: its lowest address as a number, and the length of the prefix. */
export interface Ipv4Network {
  readonly base: number;
  readonly prefix: number;
}

/** Reads `192.168.65.0/24`; what is behind the prefix in the address is left out. Undefined where it is in another form. */
export function parseIpv4Network(text: string): Ipv4Network | undefined {
  const [address = '', length = '', ...rest] = text.split('/');
  if (rest.length > 0 || !isIPv4(address) || !/^(0|[1-9]\d?)$/.test(length)) return undefined;
  const prefix = Number(length);
  return prefix > 32 ? undefined : { base: lowest(addressNumber(address), prefix), prefix };
}

/** In CIDR form. */
export function ipv4NetworkText({ base, prefix }: Ipv4Network): string {
  return `${addressText(base)}/${prefix}`;
}

/** The address this many after the lowest. */
export function addressIn({ base }: Ipv4Network, offset: number): string {
  return addressText(base + offset);
}

function lowest(address: number, prefix: number): number {
  const size = 2 ** (32 - prefix);
  return Math.floor(address / size) * size;
}

function addressNumber(text: string): number {
  return text.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

function addressText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
