import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { type ReadPolicy, readSettings, soundPolicy } from '../../policy/index.js';
import { openDocument } from './open-document.js';

export { machinePolicyFile } from './machine-policy-file.js';

/** A policy that is in order, as it was in the file when it was read: everything that is done with it is done with these bytes. */
export interface PolicyFile extends ReadPolicy {
  /** Absolute. */
  readonly file: string;
  readonly bytes: Buffer;
  /** Of the bytes, in hex. */
  readonly sha256: string;
}

/** @throws BH_POLICY_FILE, BH_POLICY_INVALID with the first place that is wrong. */
export async function readPolicyFile(file: string): Promise<PolicyFile> {
  const { handle, ...policy } = await openPolicyFile(file);
  await handle.close();
  return policy;
}

/** The same, for who hands the open file on: its position is at the start. The handle is the caller's to close. */
export async function openPolicyFile(file: string): Promise<PolicyFile & { readonly handle: FileHandle }> {
  const { value, bytes, handle } = await openDocument(file, 'BH_POLICY_FILE', (read) =>
    soundPolicy(readSettings(read, file)),
  );
  return { ...value, file, bytes, sha256: createHash('sha256').update(bytes).digest('hex'), handle };
}
