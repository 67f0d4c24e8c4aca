import { createHash } from 'node:crypto';
import type { PolicyStanding } from '../common/health.js';
import { defaultPolicy, type IsolationPolicy } from '../isolation/policy.js';
import { readSettings, type Settings, soundPolicy } from '../policy/index.js';
import { isolationPolicyOf } from './isolation-policy.js';
import type { SealedPolicy } from './policy-guard.js';
import { readSealedFile } from './sealed-file.js';

export interface PolicyInForce {
  readonly isolation: IsolationPolicy;
  /** All that it says; what a part needs of it, that part derives by a function of its own, as `isolation-policy.ts` does. */
  readonly settings: Settings;
  /** Which policy this is, and by whose word. */
  readonly standing: PolicyStanding;
}

/**
 * The policy this engine runs with for as long as it lives. Threat: a policy that is read by half, or passed over because it cannot be read.
 *
 * @param fd sealed copy of the policy file; undefined when the engine was started without one.
 * @param admit decides whether the engine may serve under it, or without one; throws where it may not.
 * @throws BH_POLICY_INVALID, with the first place that is wrong; what `admit` or the system says.
 */
export function readPolicyInForce(
  fd: number | undefined,
  admit: (policy: SealedPolicy | undefined) => PolicyStanding,
): PolicyInForce {
  if (fd === undefined)
    return {
      standing: admit(undefined),
      isolation: defaultPolicy,
      settings: { configurationFileVersion: 2 },
    };
  const file = 'the policy';
  const bytes = readSealedFile(fd);
  const policy = soundPolicy(readSettings(bytes, file));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const standing = admit({ ...policy, sha256 });
  return { standing, isolation: isolationPolicyOf(policy.settings), settings: policy.settings };
}
