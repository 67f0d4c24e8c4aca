import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { messageOf } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { largestPolicy, type ReadPolicy, readSettings, soundPolicy } from '../../policy/index.js';

/** Where an administrator puts the policy of a machine; it holds for every instance that is not given another. */
export const machinePolicyFile = '/etc/bulkhead/admin-settings.json';

/** A policy that is in order, as it was in the file when it was read: everything that is done with it is done with these bytes. */
export interface PolicyFile extends ReadPolicy {
  /** Absolute. */
  readonly file: string;
  readonly bytes: Buffer;
  /** Of the bytes, in hex. */
  readonly sha256: string;
}

/**
 * Reads a policy once. Threat: a file that is checked and another, put in its place meanwhile, that is used.
 *
 * @throws BH_POLICY_FILE, BH_POLICY_INVALID with the first place that is wrong.
 */
export async function readPolicyFile(file: string): Promise<PolicyFile> {
  await using handle = await openFile(file);
  return await readFrom(handle, file);
}

/** Likewise, for who hands the open file on: its position is at the start. The handle is the caller's to close. */
export async function openPolicyFile(file: string): Promise<PolicyFile & { readonly handle: FileHandle }> {
  const handle = await openFile(file);
  try {
    return { ...(await readFrom(handle, file)), handle };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openFile(file: string): Promise<FileHandle> {
  return open(file).catch((cause: unknown) => {
    throw new BulkheadError('BH_POLICY_FILE', { file, reason: messageOf(cause) }, { cause });
  });
}

async function readFrom(handle: FileHandle, file: string): Promise<PolicyFile> {
  const buffer = Buffer.alloc(largestPolicy + 1);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0).catch((cause: unknown) => {
    throw new BulkheadError('BH_POLICY_FILE', { file, reason: messageOf(cause) }, { cause });
  });
  const bytes = buffer.subarray(0, bytesRead);
  const policy = soundPolicy(readSettings(bytes, file), file);
  return { ...policy, file, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}
