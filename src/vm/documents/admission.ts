import type { Manifest } from '../../image/index.js';
import { type Admission, parsePolicyKey } from '../../policy/index.js';
import { readHostSerial } from './host-record.js';

/**
 * What an image holds a policy against, as far as the host knows: for the early answer, which names the file. What counts is decided in the VM.
 *
 * @throws BH_POLICY_RECORD
 */
export function admissionOf(
  { policyKey, version }: Pick<Manifest, 'policyKey' | 'version'>,
  recordFile: string,
  now = Date.now(),
): Admission {
  const key = policyKey === undefined ? undefined : parsePolicyKey(policyKey, 'public', 'manifest.json');
  return {
    key,
    imageVersion: version,
    now,
    highestSerial: key === undefined ? 0 : readHostSerial(recordFile),
  };
}
