import { createHash } from 'node:crypto';
import { defaultPolicy, type IsolationPolicy } from '../isolation/policy.js';
import { readSettings, type Settings, soundPolicy } from '../policy/index.js';
import { isolationPolicyOf } from './isolation-policy.js';
import { readSealedFile } from './sealed-file.js';

export interface PolicyInForce {
  readonly isolation: IsolationPolicy;
  /** All that it says; what a part needs of it, that part derives by a function of its own, as `isolation-policy.ts` does. */
  readonly settings: Settings;
  /** Of the organization's policy; undefined when there is none, or it has none. */
  readonly serial?: number | undefined;
  /** SHA-256 of the file, in hexadecimal; undefined without one. */
  readonly sha256?: string;
}

/**
 * The policy this engine runs with for as long as it lives. Threat: a policy that is read by half, or passed over because it cannot be read.
 *
 * @param fd sealed copy of the policy file; undefined when the engine was started without one.
 * @throws BH_POLICY_INVALID, with the first place that is wrong; what the system says.
 */
export function readPolicyInForce(fd: number | undefined): PolicyInForce {
  if (fd === undefined) return { isolation: defaultPolicy, settings: { configurationFileVersion: 2 } };
  const file = 'the policy';
  const bytes = readSealedFile(fd);
  const { settings } = soundPolicy(readSettings(bytes, file), file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { isolation: isolationPolicyOf(settings), settings, serial: settings.bulkhead?.serial, sha256 };
}
