import { ownFacts } from './own-settings.js';
import { bulkheadKeys, type Settings } from './settings-schema.js';
import { type SettingFacts, type SettingName, settingTable } from './setting-table.js';

export interface SettingReport {
  /** As `linuxVM.vpnkitCIDR` or `bulkhead.contact`. */
  readonly name: string;
  /** Whether users are held to it; a list, or an object without a lock, always holds. */
  readonly locked: boolean;
  readonly facts: SettingFacts;
}

/** The settings a policy has, in the order of the table, and what each is to Bulkhead: nothing of a file is dropped in silence. */
export function describeSettings(settings: Settings): readonly SettingReport[] {
  const all: readonly (readonly [string, SettingFacts])[] = [
    ...settingNames.map((name) => [name, settingTable[name]] as const),
    ...bulkheadKeys.map((key) => [`bulkhead.${key}`, ownFacts(key)] as const),
  ];
  return all.flatMap(([name, facts]) => {
    const value = valueAt(settings, name.split('.'));
    return value === undefined ? [] : [{ name, locked: isLocked(value), facts }];
  });
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settingTable, name);
}

const settingNames = Object.keys(settingTable).filter(isSettingName);

function valueAt(settings: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    settings,
  );
}

function isLocked(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('locked' in value)) return true;
  return value.locked === true;
}
