import { type IpAddress, type IpNetwork, isWithin, parseIpNetwork } from '../../common/ip-address.js';

/**
 * Where clouds answer the machine itself, with its credentials among other things: `169.254.169.254` by IPv6, and what they have instead of it. They lie among addresses of
 * organizations and of the world, so a rule about either would open them.
 */
const ofTheCloud = [
  // AWS
  'fd00:ec2::/32',
  // Google
  'fd20:ce::254',
  // Azure
  '168.63.129.16',
  // Oracle
  'fd00:c1::a9fe:a9fe',
  '192.0.0.192',
  // Alibaba
  '100.100.100.200',
  'fd00:100::100:200',
  // Scaleway
  'fd00:42::42',
  // Linode
  'fd00:a9fe:a9fe::1',
];

/** The machine that dials, and its link: nobody outside it means them. `169.254.169.254` gives out the credentials of machines in clouds. */
const ofTheHost = networks(
  ...ofTheCloud,
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/127',
  'fe80::/10',
  'ff00::/8',
);

/** RFC 6890 and what came after it: reached from inside an organization alone. */
const ofTheOrganization = networks(
  '10.0.0.0/8',
  '100.64.0.0/10',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '192.0.0.0/24',
  '198.18.0.0/15',
  'fc00::/7',
  'fec0::/10',
);

/** An IPv4 address inside one of IPv6, and how far behind the end. */
const translated = [
  { network: networks('64:ff9b::/96'), shift: 0n },
  { network: networks('64:ff9b:1::/48'), shift: 0n },
  { network: networks('::/96'), shift: 0n },
  { network: networks('2002::/16'), shift: 80n },
];
/** The unspecified address and the loopback have the form of one, and are none. */
const ownOfIPv6 = networks('::/127');

export type AddressKind = 'host' | 'private' | 'public';

/** Threat: the name is a stranger's, and so is the address it has (DNS rebinding). What is translated on its way counts as what it becomes. */
export function addressKind(address: IpAddress): AddressKind {
  const reached = reachedAddress(address);
  if (isAmong(reached, ofTheHost)) return 'host';
  return isAmong(reached, ofTheOrganization) ? 'private' : 'public';
}

/** What a connection to an address reaches: of an IPv4 address that is written as one of IPv6 for a translator (NAT64, RFC 6052; 6to4, RFC 3056) that one, otherwise itself. */
export function reachedAddress(address: IpAddress): IpAddress {
  const inside = translated.find(({ network }) => isAmong(address, network));
  if (inside === undefined || isAmong(address, ownOfIPv6)) return address;
  return { family: 4, value: (address.value >> inside.shift) & 0xffff_ffffn };
}

function isAmong(address: IpAddress, list: readonly IpNetwork[]): boolean {
  return list.some((network) => isWithin(address, network));
}

function networks(...texts: readonly string[]): readonly IpNetwork[] {
  return texts.flatMap((text) => parseIpNetwork(text) ?? []);
}
