import type { Settings } from './settings-schema.js';
import { bulkheadTable, type SettingFacts, settingTable } from './setting-table.js';

export interface SettingReport {
  /** As `linuxVM.vpnkitCIDR` or `bulkhead.contact`. */
  readonly name: string;
  /** Whether users are held to it; a list, or an object without a lock, always holds. */
  readonly locked: boolean;
  readonly facts: SettingFacts;
}

/** Docker's by their paths, then our own. */
const facts: readonly (readonly [string, SettingFacts])[] = [
  ...Object.entries(settingTable),
  ...Object.entries(bulkheadTable).map(([key, own]) => [`bulkhead.${key}`, own] as const),
];

/** The settings a policy has, in the order of the table, and what each is to Bulkhead: nothing of a file is dropped in silence. */
export function describeSettings(settings: Settings): readonly SettingReport[] {
  return facts.flatMap(([name, ofIt]) => {
    const value = valueAt(settings, name.split('.'));
    return value === undefined ? [] : [{ name, locked: isLocked(value), facts: ofIt }];
  });
}

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
