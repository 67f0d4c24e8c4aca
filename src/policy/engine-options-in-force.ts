import type { EffectiveSettings } from './effective-settings.js';
import { type EngineOptions, engineOptionsOf } from './engine-options.js';
import type { Settings } from './settings-schema.js';

/** Options that decide what answers under a registry's name. */
const registryOptions = ['registry-mirrors', 'insecure-registries'];

/**
 * What of `dockerDaemonOptions` reaches the engine, by whoever's word. Threat: where the policy knows images by their names, as those that may have the Docker
 * socket, or those that may be used at all, a user's own mirror would answer for a name it allows (dockerd asks mirrors first, for docker.io as well), and what
 * was pulled from it is of that name for good. Nor does the gate see that a mirror is asked, where the policy says which registries may be.
 *
 * @param policy undefined where there is none.
 */
export function engineOptionsInForce(
  policy: Settings | undefined,
  { 'linuxVM.dockerDaemonOptions': options }: Pick<EffectiveSettings, 'linuxVM.dockerDaemonOptions'>,
): EngineOptions {
  const { kept, stripped } = engineOptionsOf(options.value);
  const rule = ruleOfRegistries(policy);
  if (options.source !== 'user' || rule === undefined) return { kept, stripped };
  const reason = `it is the user's, and the policy's ${rule} knows images by their registries' names`;
  return {
    kept: Object.fromEntries(Object.entries(kept).filter(([key]) => !registryOptions.includes(key))),
    stripped: [
      ...stripped,
      ...registryOptions.filter((key) => Object.hasOwn(kept, key)).map((key) => ({ key, reason })),
    ],
  };
}

/** What dockerd takes without a certificate, for whoever asks registries in its place. */
export function insecureRegistriesInForce(
  policy: Settings | undefined,
  effective: Parameters<typeof engineOptionsInForce>[1],
): readonly string[] {
  const listed = engineOptionsInForce(policy, effective).kept['insecure-registries'];
  return Array.isArray(listed) ? listed.filter((entry) => typeof entry === 'string') : [];
}

/** What of a policy is worth no more than the registry that answers under a name. */
function ruleOfRegistries(policy: Settings | undefined): string | undefined {
  const { imageAccess, registryAccess } = policy?.bulkhead ?? {};
  if (imageAccess !== undefined) return 'bulkhead.imageAccess';
  if (registryAccess !== undefined) return 'bulkhead.registryAccess';
  const listed = policy?.enhancedContainerIsolation?.dockerSocketMount?.imageList?.images ?? [];
  return listed.length > 0 ? 'imageList' : undefined;
}
