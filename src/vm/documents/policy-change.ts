import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf } from '../../common/cause.js';
import { isAbsent } from '../../common/is-absent.js';
import { machinePolicyFile } from './machine-policy-file.js';

/** What a VM was booted with; null for no policy. */
export type BootedPolicy = { readonly file: string; readonly sha256: string } | null;

/** The policy to boot with: the one that is named, else that of the machine where it has one. A file that cannot be looked at is not passed over. */
export async function policyFileOf(
  named: string | undefined,
  machineFile = machinePolicyFile,
): Promise<string | undefined> {
  if (named !== undefined) return resolve(named);
  return (await isAbsent(machineFile)) ? undefined : machineFile;
}

/**
 * Why a VM has to be restarted before the policy in the file is in force; undefined where it is. What is in force stays so until then.
 *
 * @param file what it would boot with now.
 */
export async function policyChange(
  booted: BootedPolicy,
  file: string | undefined,
): Promise<string | undefined> {
  if (file === undefined)
    return booted === null
      ? undefined
      : `${booted.file} is gone; what it said is in force until the VM is restarted`;
  try {
    const sha256 = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    if (sha256 === booted?.sha256) return undefined;
    return booted === null
      ? `${file} came after the VM had booted without a policy`
      : `${file} has changed since the VM booted with ${booted.file}`;
  } catch (error) {
    return `${file} cannot be read (${messageOf(error)}); what was in force stays so until the VM is restarted`;
  }
}
