import { overlap } from '../../common/subnets.js';
import type { DnsInhibition, Effective, EffectiveSettings } from '../../policy/index.js';
import { type GuestNetwork, guestNetwork } from './guest-network.js';

/** A network that somebody else has. */
export interface TakenNetwork {
  /** In CIDR form. */
  readonly cidr: string;
  /** Whose, for people. */
  readonly what: string;
}

/** Tried in this order where nobody has named one. The last is for measurements (RFC 2544), so in no office's network. */
const others = ['192.168.127.0/24', '172.30.65.0/24', '10.65.65.0/24', '198.18.65.0/24'];

/**
 * The network of the VM. Of a network that is also the host's, or where one of the engine's bridges would come to lie, the VM reaches only what is
 * in itself: so where nobody has named one, another is taken; one that was named is kept, and the clash told.
 */
export function chooseNetwork(
  { value, source }: Effective<string>,
  taken: readonly TakenNetwork[],
  inhibition?: DnsInhibition,
  hostLoopback?: boolean,
  restricted?: boolean,
): { readonly network: GuestNetwork; readonly notes: readonly string[] } {
  const candidates = source === 'built-in' ? [value, ...others] : [value];
  const free = candidates.find((cidr) => clashesOf(cidr, taken).length === 0);
  const network = guestNetwork(free ?? value, inhibition, hostLoopback, restricted);
  const { cidr } = network;
  return {
    network,
    notes: clashesOf(cidr, taken).map(
      (clash) =>
        `The VM's network ${cidr} (linuxVM.vpnkitCIDR; ${source}) has addresses in common with ${clash.cidr} (${clash.what}): the VM does not reach those.`,
    ),
  };
}

function clashesOf(cidr: string, taken: readonly TakenNetwork[]): TakenNetwork[] {
  return taken.filter((other) => overlap(other.cidr, cidr) === true);
}

/** What the engine's own networks are made of, where that was set; its built-in pools avoid the VM's network by themselves. */
export function engineNetworks({
  'linuxVM.dockerDaemonOptions': options,
}: Pick<EffectiveSettings, 'linuxVM.dockerDaemonOptions'>): TakenNetwork[] {
  const pools = options.value['default-address-pools'];
  if (!Array.isArray(pools)) return [];
  return pools.flatMap(({ base }: { readonly base?: unknown }) =>
    typeof base === 'string' ? [{ cidr: base, what: 'default-address-pools of the engine' }] : [],
  );
}
