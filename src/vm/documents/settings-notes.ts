import { type EffectiveSettings, engineOptionsInForce, type Settings } from '../../policy/index.js';

/** What whoever starts an engine should hear of the settings: each option that is kept from dockerd, and who had asked for it. */
export function settingsNotes(policy: Settings | undefined, effective: EffectiveSettings): string[] {
  const { source } = effective['linuxVM.dockerDaemonOptions'];
  const stripped = engineOptionsInForce(policy, effective).stripped.map(
    ({ key, reason }) =>
      `Kept from the engine: ${key} of linuxVM.dockerDaemonOptions (${source}): ${reason}.`,
  );
  return [...stripped, ...networkingNotes(effective)];
}

/** The way out of a VM is IPv4's, and natively there is none. */
function networkingNotes({
  defaultNetworkingMode: { value, source },
}: Pick<EffectiveSettings, 'defaultNetworkingMode'>): string[] {
  if (value !== 'ipv6only') return [];
  return [
    `New networks of containers have no IPv4 (defaultNetworkingMode; ${source}): from them nothing outside is reached, and ports published there are not published on this machine. docker network create --ipv4 makes one that has.`,
  ];
}

const [ofTheVm, ofTheWayOut] = ['linuxVM.vpnkitCIDR', 'dnsInhibition'] as const;
const why = {
  [ofTheVm]: 'it is about the network of a VM, and there is none',
  [ofTheWayOut]: 'without --egress no name of the outside is answered',
} as const;

/** What whoever starts an engine in native mode should hear of settings that decide nothing there. What names are without a gateway carries out. */
export function nativeNotes(effective: EffectiveSettings, withGateway: boolean): string[] {
  return (withGateway ? [ofTheVm] : [ofTheVm, ofTheWayOut])
    .filter((name) => effective[name].source !== 'built-in')
    .map((name) => `${name} (${effective[name].source}) decides nothing here: ${why[name]}.`);
}
