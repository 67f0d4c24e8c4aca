import { unnamedContact } from '../common/errors/bulkhead-error.js';
import { type Effective, effectiveSettings, type SettingSource } from './effective-settings.js';
import { engineOptionsInForce } from './engine-options-in-force.js';
import type { JsonValue } from './json-value.js';
import { isCarriedOut } from './not-carried-out.js';
import { shownValue } from './proxy-setting.js';
import { bulkheadTable, type Enforcer, settingTable } from './setting-table.js';
import type { Settings } from './settings-schema.js';
import type { UserSettings } from './user-settings.js';
import { userSettingNamed, userSettingTable } from './user-setting-table.js';

/** What a setting is to this version: done, read and not done yet, or of no use to the product. */
export type SettingStanding = 'carried out' | 'not carried out' | 'of no use';

export interface ShownSetting {
  /** As `linuxVM.vpnkitCIDR` or `bulkhead.contact`. */
  readonly name: string;
  /** What is in force; undefined where nobody has said anything and the product has no value of its own. */
  readonly value: unknown;
  readonly source: SettingSource;
  readonly enforcer: Enforcer;
  readonly standing: SettingStanding;
  /** Whether users may set it, where the policy leaves it to them. */
  readonly users: boolean;
  readonly meaning: string;
  /** What else there is to know about this value. */
  readonly note?: string;
}

/** What isolation goes by where the policy says nothing (`defaultPolicy` of src/isolation; a test of src/daemon compares). */
export const builtInValues: Readonly<Record<string, JsonValue>> = {
  'enhancedContainerIsolation.value': true,
  'bulkhead.contact': unnamedContact,
  'bulkhead.allowPrivileged': true,
  'bulkhead.buildHostNetwork': 'refused',
  'bulkhead.buildInsecure': 'refused',
  'bulkhead.devices': [
    { path: '/dev/fuse', major: 10, minor: 229 },
    { path: '/dev/net/tun', major: 10, minor: 200 },
  ],
  'bulkhead.idsPerContainer': 65_536,
  'bulkhead.cgroupParents': ['/docker', '/docker/buildx'],
  'bulkhead.minimumOomScoreAdj': -400,
  'bulkhead.seccompExempt': [],
};

type Facts = Pick<ShownSetting, 'name' | 'enforcer' | 'standing' | 'users' | 'meaning'>;

/** Every setting there is, in the order of Docker's reference, then our own; whether or not anybody has set it. */
export function settingFacts(): readonly Facts[] {
  const docker = Object.entries(settingTable).flatMap(([name, { enforcer, meaning }]): Facts[] => {
    const names =
      name === 'enhancedContainerIsolation' ? [`${name}.value`, `${name}.dockerSocketMount`] : [name];
    return names.map((each) => factsOf(each, enforcer, meaning));
  });
  const own = Object.entries(bulkheadTable).map(([key, { enforcer, meaning }]) =>
    factsOf(`bulkhead.${key}`, enforcer, meaning),
  );
  const shares = factsOf('bulkhead.shares', 'host', userSettingTable['bulkhead.shares']);
  return [...docker, ...own, shares];
}

function factsOf(name: string, enforcer: Enforcer, meaning: string): Facts {
  const standing =
    enforcer === 'nobody' ? 'of no use' : isCarriedOut(name) ? 'carried out' : 'not carried out';
  return { name, enforcer, standing, users: userSettingNamed(name) !== undefined, meaning };
}

/**
 * What is in force of every setting, and by whose word.
 *
 * @param policy undefined where there is none.
 */
export function showSettings(policy: Settings | undefined, user: UserSettings): readonly ShownSetting[] {
  const inForce = effectiveSettings(policy, user);
  const effective: Readonly<Record<string, Effective<unknown> | undefined>> = { ...inForce };
  const { stripped } = engineOptionsInForce(policy, inForce);
  return settingFacts().map((facts) => {
    const { value, source } = effective[facts.name] ?? saidBy(policy, facts.name);
    const said = { value: shownValue(facts.name, value), source };
    if (facts.name === 'enhancedContainerIsolation.value' && said.value === false)
      return {
        ...facts,
        value: true,
        source: 'built-in',
        note: 'the policy asks for false: isolation is never off',
      };
    return facts.name === 'linuxVM.dockerDaemonOptions' && stripped.length > 0
      ? { ...facts, ...said, note: `kept from the engine: ${stripped.map(({ key }) => key).join(', ')}` }
      : { ...facts, ...said };
  });
}

/** A list, or an object without a lock, always holds. */
function saidBy(policy: Settings | undefined, name: string): Effective<unknown> {
  const found = name
    .split('.')
    .reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), policy);
  if (found === undefined) return { value: builtInValues[name], source: 'built-in' };
  const lock = name.startsWith('enhancedContainerIsolation.') ? policy?.enhancedContainerIsolation : found;
  const source = isRecord(lock) && lock['locked'] === false ? 'policy, default' : 'policy, locked';
  if (!isRecord(found) || !('locked' in found)) return { value: found, source };
  const { locked: _locked, ...rest } = found;
  return { value: 'value' in rest ? rest['value'] : rest, source };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
