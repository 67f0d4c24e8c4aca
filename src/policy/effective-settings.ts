import type { JsonObject } from './json-value.js';
import { effectiveProxy, type ProxySetting } from './proxy-setting.js';
import {
  builtInNetwork,
  type DnsInhibition,
  type NetworkingMode,
  type PortBindingBehavior,
  vmShape,
} from './setting-values.js';
import type { Settings } from './settings-schema.js';
import type { UserSettings } from './user-settings.js';

/** Who decided a value: the policy for good, the policy until the user says otherwise, the user, or nobody. */
export type SettingSource = 'policy, locked' | 'policy, default' | 'user' | 'built-in';

export interface Effective<Value> {
  readonly value: Value;
  readonly source: SettingSource;
}

/** What the product goes by, of all a user may set: by the names of the policy. */
export interface EffectiveSettings {
  readonly blockDockerLoad: Effective<boolean>;
  readonly exposeDockerAPIOnTCP2375: Effective<boolean>;
  readonly portBindingBehavior: Effective<PortBindingBehavior>;
  readonly defaultNetworkingMode: Effective<NetworkingMode>;
  readonly dnsInhibition: Effective<DnsInhibition>;
  readonly proxy: Effective<ProxySetting>;
  readonly 'linuxVM.dockerDaemonOptions': Effective<JsonObject>;
  readonly 'linuxVM.vpnkitCIDR': Effective<string>;
  readonly 'bulkhead.memoryMiB': Effective<number>;
  readonly 'bulkhead.cpus': Effective<number>;
  readonly 'bulkhead.dataSizeGiB': Effective<number>;
  readonly 'bulkhead.hostLoopback': Effective<boolean>;
  readonly 'bulkhead.sshAgent': Effective<boolean>;
  readonly 'bulkhead.shares': Effective<readonly string[]>;
}

export type UserSettingName = keyof EffectiveSettings;

/**
 * What is in force where an organization's policy and a user's own settings meet. A locked value wins whatever the user has; an unlocked one
 * is a default. Nothing is copied from one to the other: without the policy the user's own values are back.
 *
 * @param policy undefined where there is none. Under one the API's TCP port is closed, and so are the host's loopback and its ssh agent, unless the policy has the key: an
 *   organization that says nothing has not allowed it.
 */
export function effectiveSettings(policy: Settings | undefined, user: UserSettings): EffectiveSettings {
  const whereAllowed = (
    said: Parameters<typeof resolve<boolean>>[0],
    wanted: boolean | undefined,
  ): Effective<boolean> =>
    policy !== undefined && said === undefined
      ? { value: false, source: 'policy, locked' }
      : resolve(said, wanted, false);
  const shapeOf = (key: keyof typeof vmShape): Effective<number> =>
    resolve(policy?.bulkhead?.[key], user.bulkhead?.[key], vmShape[key].builtIn);
  return {
    blockDockerLoad: resolve(policy?.blockDockerLoad, user.blockDockerLoad, false),
    exposeDockerAPIOnTCP2375: whereAllowed(policy?.exposeDockerAPIOnTCP2375, user.exposeDockerAPIOnTCP2375),
    portBindingBehavior: resolve(
      policy?.portBindingBehavior,
      user.portBindingBehavior,
      'default-port-binding',
    ),
    // The engine's own, where Docker's product has `dual-stack`: by IPv6 there is no way out.
    defaultNetworkingMode: resolve(policy?.defaultNetworkingMode, user.defaultNetworkingMode, 'ipv4only'),
    dnsInhibition: resolve(policy?.dnsInhibition, user.dnsInhibition, 'auto'),
    proxy: effectiveProxy(policy?.proxy, user.proxy),
    'linuxVM.dockerDaemonOptions': resolve(
      policy?.linuxVM?.dockerDaemonOptions,
      user.linuxVM?.dockerDaemonOptions,
      {},
    ),
    'linuxVM.vpnkitCIDR': resolve(policy?.linuxVM?.vpnkitCIDR, user.linuxVM?.vpnkitCIDR, builtInNetwork),
    'bulkhead.memoryMiB': shapeOf('memoryMiB'),
    'bulkhead.cpus': shapeOf('cpus'),
    'bulkhead.dataSizeGiB': shapeOf('dataSizeGiB'),
    'bulkhead.hostLoopback': whereAllowed(policy?.bulkhead?.hostLoopback, user.bulkhead?.hostLoopback),
    'bulkhead.sshAgent': whereAllowed(policy?.bulkhead?.sshAgent, user.bulkhead?.sshAgent),
    // Which directories may be shared is filesharingAllowedDirectories; which of them are is the user's.
    'bulkhead.shares': resolve(undefined, user.bulkhead?.shares, []),
  };
}

function resolve<Value>(
  policy: { readonly locked: boolean; readonly value: Value } | undefined,
  user: Value | undefined,
  builtIn: Value,
): Effective<Value> {
  if (policy?.locked === true) return { value: policy.value, source: 'policy, locked' };
  if (user !== undefined) return { value: user, source: 'user' };
  if (policy !== undefined) return { value: policy.value, source: 'policy, default' };
  return { value: builtIn, source: 'built-in' };
}
