import {
  type EffectiveSettings,
  effectiveSettings,
  type EngineOptions,
  type JsonObject,
  type ProxyAddresses,
  readUserSettings,
  type Settings,
  type StrippedOption,
} from '../policy/index.js';
import { overlap } from '../common/subnets.js';
import { endsEngine } from '../egress/restricting-settings.js';
import { hasEgressLink } from './engine/own-networks.js';
import { networkDefaults, type NetworkSettings } from './network-defaults.js';
import { readSealedFile } from './sealed-file.js';

/**
 * What is in force of all a user may set, for as long as this engine lives.
 *
 * @param policy undefined without one.
 * @param fd sealed copy of the user's own settings; undefined where there are none.
 * @throws BH_SETTINGS_INVALID, with the first place that is wrong; what the system says.
 */
export function readSettingsInForce(policy: Settings | undefined, fd: number | undefined): EffectiveSettings {
  if (fd === undefined) return effectiveSettings(policy, {});
  const read = readUserSettings(readSealedFile(fd), "the user's settings");
  if (read.problems !== undefined) throw read.problems[0];
  return effectiveSettings(policy, read.value);
}

/** What only the VM knows is asked without a proxy (`vm-image/name-server`). */
const hostNames = '.docker.internal';

/**
 * The proxies dockerd is told of: none where what it asks for ends at the gateway, which goes on by them (`policy-facts.ts`). Threat: what it says to a proxy there, nobody reads.
 */
export function ownProxies(
  policy: Settings,
  proxies: ProxyAddresses,
  hasGateway = hasEgressLink,
): ProxyAddresses {
  return endsEngine(policy) && hasGateway() ? { exclude: [] } : proxies;
}

/**
 * What the settings add to the engine's configuration file, and what of `dockerDaemonOptions` does not reach it.
 *
 * @param options what of `dockerDaemonOptions` may reach it (`engineOptionsInForce`).
 * @param proxy of dockerd itself, which pulls, pushes and, as BuildKit, fetches what a Dockerfile names. Containers and build steps get theirs from the client.
 * @param ownNetworks the VM's own, in CIDR form: an address pool with a part of one would take addresses of the VM away.
 */
export function engineConfigurationOf(
  { kept, stripped }: EngineOptions,
  networks: NetworkSettings,
  ownNetworks: readonly string[],
  { http, https, exclude }: ProxyAddresses,
): { readonly added: JsonObject; readonly stripped: readonly StrippedOption[] } {
  const { 'default-address-pools': pools, ...others } = kept;
  const collides =
    Array.isArray(pools) &&
    pools.some(({ base }: { base: string }) => ownNetworks.some((own) => overlap(base, own) !== false));
  return {
    added: {
      ...others,
      ...(pools === undefined || collides ? {} : { 'default-address-pools': pools }),
      ...networkDefaults(networks),
      ...(http === undefined && https === undefined
        ? {}
        : {
            proxies: {
              ...(http === undefined ? {} : { 'http-proxy': http }),
              ...(https === undefined ? {} : { 'https-proxy': https }),
              'no-proxy': [...exclude, hostNames].join(','),
            },
          }),
    },
    stripped: collides
      ? [...stripped, { key: 'default-address-pools', reason: "it has a part of the VM's own network" }]
      : stripped,
  };
}
