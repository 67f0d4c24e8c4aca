import { type EffectiveSettings, engineOptionsInForce, type Settings } from '../../policy/index.js';

/** What whoever starts an engine should hear of the settings: each option that is kept from dockerd, and who had asked for it. */
export function settingsNotes(policy: Settings | undefined, effective: EffectiveSettings): string[] {
  const { source } = effective['linuxVM.dockerDaemonOptions'];
  return engineOptionsInForce(policy, effective).stripped.map(
    ({ key, reason }) =>
      `Kept from the engine: ${key} of linuxVM.dockerDaemonOptions (${source}): ${reason}.`,
  );
}

/** What is decided on the way into a VM, and so decides nothing without one. */
const ofTheVm = ['linuxVM.vpnkitCIDR', 'dnsInhibition', 'bulkhead.hostLoopback'] as const;

/** What whoever starts an engine in native mode should hear of them. */
export function nativeNotes(effective: EffectiveSettings): string[] {
  return ofTheVm
    .filter((name) => effective[name].source !== 'built-in')
    .map(
      (name) =>
        `${name} (${effective[name].source}) decides nothing here: without a VM the engine has a network of its own that leads nowhere.`,
    );
}
