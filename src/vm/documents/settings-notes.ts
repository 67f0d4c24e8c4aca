import { type EffectiveSettings, engineOptionsInForce, type Settings } from '../../policy/index.js';

/** What whoever starts an engine should hear of the settings: each option that is kept from dockerd, and who had asked for it. @param withGateway it is a gateway that leads out. */
export function settingsNotes(
  policy: Settings | undefined,
  effective: EffectiveSettings,
  withGateway: boolean,
): string[] {
  const { source } = effective['linuxVM.dockerDaemonOptions'];
  const stripped = engineOptionsInForce(policy, effective).stripped.map(
    ({ key, reason }) =>
      `Kept from the engine: ${key} of linuxVM.dockerDaemonOptions (${source}): ${reason}.`,
  );
  return [...stripped, ...networkingNotes(effective, withGateway)];
}

/** The way out of a VM is IPv4's, unless a gateway takes connections of both, and natively there is no other. */
function networkingNotes(
  { defaultNetworkingMode: { value, source } }: Pick<EffectiveSettings, 'defaultNetworkingMode'>,
  withGateway: boolean,
): string[] {
  if (value !== 'ipv6only') return [];
  const way = withGateway ? '' : 'from them nothing outside is reached, and ';
  return [
    `New networks of containers have no IPv4 (defaultNetworkingMode; ${source}): ${way}ports published there are not published on this machine. docker network create --ipv4 makes one that has.`,
  ];
}

/** Settings that decide nothing in native mode, and whether a gateway carries them out all the same. */
const idleNatively = [
  {
    name: 'linuxVM.vpnkitCIDR',
    byGateway: false,
    why: 'it is about the network of a VM, and there is none',
  },
  { name: 'dnsInhibition', byGateway: true, why: 'without --egress no name of the outside is answered' },
] as const;

/** What whoever starts an engine in native mode should hear of settings that decide nothing there. */
export function nativeNotes(effective: EffectiveSettings, withGateway: boolean): string[] {
  return idleNatively
    .filter(({ name, byGateway }) => !(byGateway && withGateway) && effective[name].source !== 'built-in')
    .map(({ name, why }) => `${name} (${effective[name].source}) decides nothing here: ${why}.`);
}
