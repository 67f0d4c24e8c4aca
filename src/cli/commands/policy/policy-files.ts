import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { access, type FileHandle, open, readFile } from 'node:fs/promises';
import { Option } from 'commander';
import { messageOf } from '../../../common/cause.js';
import { BulkheadError } from '../../../common/errors/bulkhead-error.js';
import {
  largestPolicy,
  type ReadPolicy,
  type ReadSettings,
  readSettings,
  type Settings,
  soundPolicy,
} from '../../../policy/index.js';

/** @throws BH_POLICY_FILE where it can't be read. What is wrong in it is in the answer. */
export async function readPolicyFile(file: string): Promise<ReadSettings> {
  return readSettings(await bytesOf(file), file);
}

/** A policy that has to be in order; `bulkhead policy check` says everything that is wrong, this the first. */
export async function readSoundPolicy(file: string): Promise<ReadPolicy> {
  return soundPolicy(await readPolicyFile(file), file);
}

/**
 * A policy that is in order, and the file it is in, open at its start: another that takes its place meanwhile is not what is handed on.
 *
 * @throws BH_POLICY_FILE, BH_POLICY_INVALID. The handle is the caller's to close.
 */
export async function openPolicyFile(file: string): Promise<{ handle: FileHandle; settings: Settings }> {
  const handle = await open(file).catch((cause: unknown) => {
    throw new BulkheadError('BH_POLICY_FILE', { file, reason: messageOf(cause) }, { cause });
  });
  try {
    const bytes = Buffer.alloc(largestPolicy + 1);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    const { settings } = soundPolicy(readSettings(bytes.subarray(0, bytesRead), file), file);
    return { handle, settings };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** An Ed25519 key in PEM, as openssl writes it. A passphrase is not asked for. @throws BH_POLICY_FILE, BH_POLICY_KEY_FILE */
export async function readKey(file: string, kind: 'private' | 'public'): Promise<KeyObject> {
  const pem = await bytesOf(file);
  try {
    // createPublicKey would take a private key as well; who distributes that by mistake should hear of it.
    if (kind === 'public' && pem.includes('PRIVATE KEY')) throw new Error('it holds a private key');
    const key = kind === 'private' ? createPrivateKey(pem) : createPublicKey(pem);
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`it is of type ${key.asymmetricKeyType}`);
    return key;
  } catch (cause) {
    throw new BulkheadError('BH_POLICY_KEY_FILE', { file, kind, reason: messageOf(cause) }, { cause });
  }
}

async function bytesOf(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw new BulkheadError('BH_POLICY_FILE', { file, reason: messageOf(cause) }, { cause });
  });
}

/** Where an administrator puts the policy of a machine. */
const machinePolicy = '/etc/bulkhead/admin-settings.json';

/** The policy a command goes by: the one it is given, or the machine's; undefined where there is neither. */
export async function policyFileOf(given: string | undefined): Promise<string | undefined> {
  if (given !== undefined) return given;
  return access(machinePolicy).then(
    () => machinePolicy,
    () => undefined,
  );
}

export function policyOption(): Option {
  return new Option(
    '--policy <file>',
    `the organization's admin-settings.json (default: ${machinePolicy}, where it is)`,
  );
}
