import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isBulkheadError, partsOf } from '../../../common/errors/bulkhead-error.js';
import { sharesByDefault, withSetting } from '../../../policy/index.js';
import type { InstancePaths } from '../../../vm/index.js';
import {
  closeShares,
  keptPlaces,
  openShares,
  type SharedPlace,
  settingText,
  sharesInUse,
  type ShareRequest,
} from '../../../vm/sharing/index.js';
import { publisherFileOf } from '../../../vm/documents/index.js';
import type { CliContext } from '../../context.js';
import { replaceFile } from '../../replace-file.js';
import type { SettingsInUse } from '../../settings-in-use.js';

/** What a start without --share shares: the user's own, else what the policy shares by default. */
export async function sharedAtStart(
  { env }: CliContext,
  paths: InstancePaths,
  { user, policy }: SettingsInUse,
): Promise<readonly ShareRequest[]> {
  const governing = { settings: user.file, policy: policy?.file, publishers: publisherFileOf(policy) };
  const beside = await keptPlaces(paths, governing, env);
  const facts = { env, beside, by: 'server' } as const;
  return (await sharesInUse([], policy?.settings, user.settings, facts)).shares;
}

/**
 * Judges these as `bulkhead up` does, the last of which is new. Gives what it has to say of others that are not there now, which are in nobody's way: the VM that runs
 * has what they were.
 *
 * @throws BH_SHARE_…
 */
export async function judgeShares(
  { env }: CliContext,
  paths: InstancePaths,
  { user, policy }: SettingsInUse,
  shares: readonly ShareRequest[],
): Promise<string[]> {
  const governing = { settings: user.file, policy: policy?.file, publishers: publisherFileOf(policy) };
  const beside = await keptPlaces(paths, governing, env);
  const facts = { env, beside, by: 'server' } as const;
  const { allowedShares } = await sharesInUse(shares, policy?.settings, user.settings, facts);
  const judged: SharedPlace[] = [];
  const missing: string[] = [];
  for (const share of shares)
    try {
      const opened = await openShares([share], beside, allowedShares, 'server', judged);
      await closeShares(opened);
      const [first] = opened;
      if (first !== undefined) judged.push({ paths: opened.map(({ path }) => path), place: first.place });
    } catch (error) {
      const isNew = share === shares.at(-1);
      if (isNew || !isBulkheadError(error) || error.code !== 'BH_SHARE_UNUSABLE') throw error;
      missing.push(partsOf(error).message);
    }
  return missing;
}

/** Every start without --share has these from now on. None at all is written where the policy would share something instead. */
export async function writeOwnShares(
  { user: { file, document }, policy }: SettingsInUse,
  shares: readonly ShareRequest[],
): Promise<void> {
  const value =
    shares.length === 0 && !sharesByDefault(policy?.settings) ? undefined : shares.map(settingText);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const text = JSON.stringify(withSetting(document, 'bulkhead.shares', value), null, 2);
  await replaceFile(file, `${text}\n`, 'BH_SETTINGS_NOT_WRITTEN');
}
