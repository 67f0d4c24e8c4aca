import type { KeyObject } from 'node:crypto';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { isAbsent } from '../../common/is-absent.js';
import type { Manifest } from '../../image/index.js';
import {
  type Admission,
  contentHash,
  isSignedBy,
  keyIdOf,
  type KnownPolicy,
  parsePolicyKey,
} from '../../policy/index.js';
import { noteHostTime, readHostRecords, readHostTime } from './host-record.js';
import { machinePolicyFile, readPolicyFile } from './policy-file.js';

/**
 * What an image holds a policy against, as far as the host knows: for the early answer, which names the file. What counts is decided in the VM.
 *
 * @param records `InstancePaths.policyRecords`.
 * @param options.remember whether the time is noted, as each attempt to start has to; who only looks says false.
 * @throws BH_POLICY_RECORD; what is wrong with the policy of the machine, which is a floor.
 */
export async function admissionOf(
  { policyKey, version }: Pick<Manifest, 'policyKey' | 'version'>,
  records: readonly [string, ...string[]],
  { now = Date.now(), machineFile = machinePolicyFile, remember = true } = {},
): Promise<Admission> {
  if (policyKey === undefined)
    return { key: undefined, imageVersion: version, now, seen: undefined, known: [] };
  const key = parsePolicyKey(policyKey, 'public', 'manifest.json');
  const keyId = keyIdOf(key);
  const known = [...readHostRecords(records, keyId), ...(await machineFloor(machineFile, key))];
  const seen = readHostTime(records, keyId);
  // Also where the policy is refused then: the clock may be set back before the next attempt.
  if (remember) noteHostTime(records, keyId, now);
  return { key, imageVersion: version, now, seen, known };
}

/**
 * The policy the administrator put on this machine: no older one comes into force here, whatever file is named. One that this key has not signed
 * is for other images. Threat: `--policy`, with an older file, where nothing has been in force yet.
 */
async function machineFloor(file: string, key: KeyObject): Promise<KnownPolicy[]> {
  if (await isAbsent(file)) return [];
  const { settings, document } = await readPolicyFile(file);
  const { signature, serial } = settings.bulkhead ?? {};
  const keyId = keyIdOf(key);
  if (signature?.keyId !== keyId || serial === undefined) return [];
  if (!isSignedBy(document, signature, key)) throw new BulkheadError('BH_POLICY_ALTERED', { file, keyId });
  return [{ serial, sha256: contentHash(document), source: file }];
}
