import type { EffectiveSettings } from './effective-settings.js';
import { type EngineOptions, engineOptionsOf } from './engine-options.js';
import type { Settings } from './settings-schema.js';

/** Options that decide what answers under a registry's name. */
const registryOptions = ['registry-mirrors', 'insecure-registries'];

/**
 * What of `dockerDaemonOptions` reaches the engine, by whoever's word. Threat: where the policy gives images the Docker socket by their names, a user's own mirror
 * would answer for a name of its list (dockerd asks mirrors first, for docker.io as well), and what was pulled from it is of that name for good.
 *
 * @param policy undefined where there is none.
 */
export function engineOptionsInForce(
  policy: Settings | undefined,
  { 'linuxVM.dockerDaemonOptions': options }: Pick<EffectiveSettings, 'linuxVM.dockerDaemonOptions'>,
): EngineOptions {
  const { kept, stripped } = engineOptionsOf(options.value);
  const listed = policy?.enhancedContainerIsolation?.dockerSocketMount?.imageList?.images ?? [];
  if (options.source !== 'user' || listed.length === 0) return { kept, stripped };
  const reason = "it is the user's, and the policy's imageList knows images by their registries' names";
  return {
    kept: Object.fromEntries(Object.entries(kept).filter(([key]) => !registryOptions.includes(key))),
    stripped: [
      ...stripped,
      ...registryOptions.filter((key) => Object.hasOwn(kept, key)).map((key) => ({ key, reason })),
    ],
  };
}
