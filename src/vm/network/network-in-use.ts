import type { EffectiveSettings } from '../../policy/index.js';
import { chooseNetwork, engineNetworks, type TakenNetwork } from './choose-network.js';
import { flowShare, readDescriptors } from './flow-share.js';
import type { GuestNetwork } from './guest-network.js';
import { hostLoopback } from './host-loopback.js';
import { nameServerNotes, readNameServers } from './host-name-servers.js';
import { readHostNetworks } from './host-networks.js';
import { searchDomains } from './search-domains.js';

/** What the network of a VM has to get along with. */
export interface HostNetworking {
  readonly networks: readonly TakenNetwork[];
  /** Content of resolv.conf(5), undefined for none. */
  readonly nameServers: string | undefined;
  /** Those QEMU gets; undefined where they are not known. */
  readonly descriptors?: number | undefined;
}

/**
 * The network a VM is started with on this machine, and what a person should know of it.
 *
 * @param restricted the policy says what may get out.
 */
export function networkInUse(
  effective: EffectiveSettings,
  restricted: boolean,
  host: HostNetworking = {
    networks: readHostNetworks(),
    nameServers: readNameServers(),
    descriptors: readDescriptors(),
  },
): {
  readonly network: GuestNetwork;
  readonly notes: readonly string[];
} {
  const loopback = hostLoopback(effective, restricted ? 'gateway' : 'routes');
  const { network, notes } = chooseNetwork(
    effective['linuxVM.vpnkitCIDR'],
    [...host.networks, ...engineNetworks(effective)],
    effective.dnsInhibition.value,
    loopback.state === 'open' && !restricted,
    restricted,
  );
  return {
    network: {
      ...network,
      search: searchDomains(host.nameServers ?? ''),
      flows: flowShare(host.descriptors),
    },
    notes: [...notes, ...loopback.notes, ...(restricted ? [] : nameServerNotes(host.nameServers))],
  };
}
