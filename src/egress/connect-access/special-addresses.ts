import { type IpAddress, type IpNetwork, isWithin, parseIpNetwork } from '../../common/ip-address.js';

/** The machine that dials, and its link: nobody outside it means them. `169.254.169.254` gives out the credentials of machines in clouds. */
const ofTheHost = networks(
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

export type AddressKind = 'host' | 'private' | 'public';

/** Threat: the name is a stranger's, and so is the address it has (DNS rebinding). What is translated on its way counts as what it becomes. */
export function addressKind(address: IpAddress): AddressKind {
  if (isAmong(address, ofTheHost)) return 'host';
  if (isAmong(address, ofTheOrganization)) return 'private';
  const inside = translated.find(({ network }) => isAmong(address, network));
  if (inside === undefined) return 'public';
  return addressKind({ family: 4, value: (address.value >> inside.shift) & 0xffff_ffffn });
}

function isAmong(address: IpAddress, list: readonly IpNetwork[]): boolean {
  return list.some((network) => isWithin(address, network));
}

function networks(...texts: readonly string[]): readonly IpNetwork[] {
  return texts.flatMap((text) => parseIpNetwork(text) ?? []);
}
