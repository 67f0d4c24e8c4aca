import { type EffectiveSettings, engineOptionsInForce, type Settings } from '../../policy/index.js';

/** What whoever starts an engine should hear of the settings: each option that is kept from dockerd, and who had asked for it. */
export function settingsNotes(policy: Settings | undefined, effective: EffectiveSettings): string[] {
  const { source } = effective['linuxVM.dockerDaemonOptions'];
  return engineOptionsInForce(policy, effective).stripped.map(
    ({ key, reason }) =>
      `Kept from the engine: ${key} of linuxVM.dockerDaemonOptions (${source}): ${reason}.`,
  );
}
