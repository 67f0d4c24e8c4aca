import { availableParallelism } from 'node:os';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { VmFlags } from './options.js';
import { contactOf } from '../policy/index.js';
import type { SettingsInUse } from './settings-in-use.js';

/** What of a VM's shape is a setting, and the option of `up` beside it. */
const shapes = [
  ['memory', 'bulkhead.memoryMiB'],
  ['cpus', 'bulkhead.cpus'],
  ['dataSize', 'bulkhead.dataSizeGiB'],
] as const;

/**
 * The options of `up` with the settings in force where none were given.
 *
 * @throws BH_SETTING_LOCKED for an option with another value than the organization has locked: a command line is no way round it.
 */
export function shapedBySettings(flags: VmFlags, { policy, effective }: SettingsInUse): VmFlags {
  const shaped = shapes.map(([option, name]) => {
    const { value, source } = effective[name];
    const given = flags[option];
    if (source === 'policy, locked' && given !== undefined && given !== value)
      throw new BulkheadError('BH_SETTING_LOCKED', {
        name,
        value,
        file: policy?.file ?? '',
        contact: contactOf(policy?.settings),
      });
    const fallback =
      name === 'bulkhead.cpus' && source === 'built-in' ? Math.min(value, availableParallelism()) : value;
    return [option, given ?? fallback] as const;
  });
  return { ...flags, ...Object.fromEntries(shaped) };
}
