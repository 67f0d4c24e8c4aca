import { BulkheadError } from '../../../common/errors/bulkhead-error.js';
import { printableJson } from '../../../common/printable.js';
import {
  contactOf,
  isPolicySetting,
  nearSettings,
  type Settings,
  userSettingNamed,
  type UserSettingName,
} from '../../../policy/index.js';

/** The setting a person named, in any case. @throws BH_SETTING_UNKNOWN with names like it, BH_SETTING_ADMINISTRATORS */
export function namedSetting(name: string, policy: Settings | undefined): UserSettingName {
  const found = userSettingNamed(name);
  if (found !== undefined) return found;
  if (isPolicySetting(name))
    throw new BulkheadError('BH_SETTING_ADMINISTRATORS', { name, contact: contactOf(policy) });
  const near = nearSettings(name);
  throw new BulkheadError('BH_SETTING_UNKNOWN', {
    name,
    near: near.length === 0 ? '' : ` Near: ${near.join(', ')}.`,
  });
}

/** A value as one word or as JSON, so that `set` takes what `get` gives. Threat: control characters of a policy's default, on the terminal of its reader. */
export function valueText(value: unknown): string {
  if (typeof value === 'string' && printableJson(value) === value) return value;
  return printableJson(JSON.stringify(value));
}
