import type { FileHandle } from 'node:fs/promises';
import { codeOf } from '../common/cause.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { userSettingsFile } from '../common/user-settings-file.js';
import {
  type EffectiveSettings,
  effectiveSettings,
  type JsonObject,
  readUserSettings,
  type Settings,
  type UserSettings,
} from '../policy/index.js';
import { openDocument } from '../vm/documents/index.js';
import type { CliContext } from './context.js';
import { policyFileOf, readSoundPolicy } from './commands/policy/policy-files.js';

export interface UserFile {
  readonly file: string;
  readonly settings: UserSettings;
  /** As it is in the file, which is to be changed. */
  readonly document: JsonObject;
}

/** The user's own settings; none where there is no file. @throws BH_SETTINGS_FILE, BH_SETTINGS_INVALID */
export async function readUserFile(env: CliContext['env']): Promise<UserFile> {
  const { handle, ...user } = await openUserFile(env);
  await handle?.close();
  return user;
}

/** The same, with the file that was read, open at its start: another that takes its place is not what is handed on. The handle is the caller's to close. */
export async function openUserFile(
  env: CliContext['env'],
): Promise<UserFile & { readonly handle: FileHandle | undefined }> {
  const file = userSettingsFile(env);
  try {
    const { value, handle } = await openDocument(file, 'BH_SETTINGS_FILE', (bytes) => {
      const read = readUserSettings(bytes, file);
      if (read.problems !== undefined) throw read.problems[0];
      return { settings: read.value, document: read.document };
    });
    return { file, ...value, handle };
  } catch (error) {
    if (error instanceof BulkheadError && codeOf(error.cause) === 'ENOENT')
      return { file, settings: {}, document: {}, handle: undefined };
    throw error;
  }
}

export interface SettingsInUse {
  readonly user: UserFile;
  readonly policy: { readonly file: string; readonly settings: Settings } | undefined;
  readonly effective: EffectiveSettings;
}

/** What the next start goes by. @param policyFile as given on the command line. @throws BH_POLICY_…, BH_SETTINGS_… */
export async function settingsInUse(
  env: CliContext['env'],
  policyFile: string | undefined,
): Promise<SettingsInUse> {
  const file = await policyFileOf(policyFile);
  const policy = file === undefined ? undefined : { file, ...(await readSoundPolicy(file)) };
  const user = await readUserFile(env);
  return { user, policy, effective: effectiveSettings(policy?.settings, user.settings) };
}
