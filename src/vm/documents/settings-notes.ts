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

/** What is decided on the way into a VM, and so decides nothing without one. */
const ofTheVm = ['linuxVM.vpnkitCIDR', 'dnsInhibition'] as const;

/** What whoever starts an engine in native mode should hear of them. */
export function nativeNotes(effective: EffectiveSettings): string[] {
  return ofTheVm
    .filter((name) => effective[name].source !== 'built-in')
    .map(
      (name) =>
        `${name} (${effective[name].source}) decides nothing here: it is about the network of a VM, and there is none.`,
    );
}
