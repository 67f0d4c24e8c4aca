import { type EffectiveSettings, engineOptionsOf } from '../../policy/index.js';

/** What whoever starts an engine should hear of the settings: each option that is kept from dockerd, and who had asked for it. */
export function settingsNotes({ 'linuxVM.dockerDaemonOptions': options }: EffectiveSettings): string[] {
  return engineOptionsOf(options.value).stripped.map(
    ({ key, reason }) =>
      `Kept from the engine: ${key} of linuxVM.dockerDaemonOptions (${options.source}): ${reason}.`,
  );
}
