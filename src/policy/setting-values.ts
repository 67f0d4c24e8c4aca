import { z } from 'zod';
import { parseIpv4Network } from '../common/ipv4-network.js';
import { engineOptionsText } from './engine-options.js';

/** The shape of a VM: the least and the most that may be asked for, and what it is where nobody asks. */
export const vmShape = {
  memoryMiB: { least: 512, most: 1_048_576, builtIn: 2048 },
  cpus: { least: 1, most: 64, builtIn: 2 },
  dataSizeGiB: { least: 1, most: 65_536, builtIn: 64 },
} as const;

const within = ({ least, most }: { readonly least: number; readonly most: number }): z.ZodInt =>
  z.int().min(least).max(most);

/** The network of the VM where nobody names another; Docker's. */
export const builtInNetwork = '192.168.65.0/24';

/** Six addresses are what the VM needs; of a network for no single host (RFC 6890), and of what is more than an organization's, there is none. */
function canBeNetwork(text: string): boolean {
  const network = parseIpv4Network(text);
  if (network === undefined) return false;
  const first = network.base >>> 24;
  return network.prefix >= 8 && network.prefix <= 29 && first > 0 && first !== 127 && first < 224;
}

/** What a setting may be, wherever it is set: in the policy inside `{ "locked", "value" }`, in a user's file as it is. */
export const settingValues = {
  portBindingBehavior: z.enum([
    'default-port-binding',
    'default-local-port-binding',
    'local-only-port-binding',
  ]),
  dockerDaemonOptions: engineOptionsText,
  vpnkitCIDR: z
    .string()
    .refine(
      canBeNetwork,
      'invalid: not an IPv4 network of /8 to /29 that hosts can have, as 192.168.65.0/24',
    ),
  defaultNetworkingMode: z.enum(['dual-stack', 'ipv4only', 'ipv6only']),
  dnsInhibition: z.enum(['auto', 'ipv4', 'ipv6', 'none']),
  memoryMiB: within(vmShape.memoryMiB),
  cpus: within(vmShape.cpus),
  /** As `--share` takes them. */
  shares: z.array(z.string().regex(/^\/[^\0]*$/, 'not an absolute path, with :ro or :rw behind it or not')),
  dataSizeGiB: within(vmShape.dataSizeGiB),
} as const;

/** Which addresses names do not resolve to: those of a family, of none, or of those the VM can't reach. */
export type DnsInhibition = z.infer<typeof settingValues.dnsInhibition>;

/** Which addresses a new network of containers has. */
export type NetworkingMode = z.infer<typeof settingValues.defaultNetworkingMode>;

export type PortBindingBehavior = z.infer<typeof settingValues.portBindingBehavior>;
