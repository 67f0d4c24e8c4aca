import type { Logger } from '../common/log.js';
import type { IsolationPolicy } from '../isolation/policy.js';
import { type EffectiveSettings, engineOptionsInForce, type Settings } from '../policy/index.js';
import { askDockerd, configureEngine } from './engine/engine-configuration.js';
import { enginePaths } from './engine/engine-facts.js';
import { egressNameServers } from './engine/own-networks.js';
import { engineConfigurationOf, ownProxies } from './settings-in-force.js';

interface Configured {
  readonly isolation: IsolationPolicy;
  /** Of the policy alone. */
  readonly settings: Settings;
  readonly effective: EffectiveSettings;
  /** In CIDR form, of the machine the engine runs on. */
  readonly ownNetworks: readonly string[];
}

/**
 * Brings the file of dockerd to what policy and settings say, and says which of the organization's own options it was kept from.
 *
 * @returns whether a dockerd that runs already has to start anew. Throws what `configureEngine` throws.
 */
export async function configureBySettings(
  { isolation, settings, effective, ownNetworks }: Configured,
  log: Logger,
): Promise<boolean> {
  const options = engineOptionsInForce(settings, effective);
  const { added, stripped } = engineConfigurationOf(
    options,
    {
      portBinding: effective.portBindingBehavior.value,
      networkingMode: effective.defaultNetworkingMode.value,
    },
    ownNetworks,
    ownProxies(settings, effective.proxy.value),
  );
  for (const { key, reason } of stripped)
    log.warn({ setting: 'linuxVM.dockerDaemonOptions', key, reason }, 'an option was kept from the engine');
  const ownOptions = Object.keys(options.kept).length === 0;
  const check = (file: string): Promise<void> =>
    ownOptions ? Promise.resolve() : askDockerd(enginePaths.program, file);
  return configureEngine(enginePaths.config, {
    policy: isolation,
    added: { ...egressNameServers(ownNetworks), ...added },
    check,
  });
}
