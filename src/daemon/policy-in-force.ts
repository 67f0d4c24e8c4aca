import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { defaultPolicy, type IsolationPolicy } from '../isolation/policy.js';
import { readSettings } from '../policy/index.js';
import { isolationPolicyOf } from './isolation-policy.js';
import { readSealedFile } from './sealed-file.js';

export interface PolicyInForce {
  readonly isolation: IsolationPolicy;
  /** Of the organization's policy; undefined when there is none, or it has none. */
  readonly serial?: number | undefined;
}

/**
 * The policy this engine runs with for as long as it lives. Threat: a policy that is read by half, or passed over because it cannot be read.
 *
 * @param fd sealed copy of the policy file; undefined when the engine was started without one.
 * @throws BH_POLICY_INVALID, with the first place that is wrong; what the system says.
 */
export function readPolicyInForce(fd: number | undefined): PolicyInForce {
  if (fd === undefined) return { isolation: defaultPolicy };
  const { settings, problems } = readSettings(readSealedFile(fd), 'the policy');
  if (settings === undefined)
    throw (
      problems[0] ?? new BulkheadError('BH_POLICY_FILE', { file: 'the policy', reason: 'it is not in order' })
    );
  return { isolation: isolationPolicyOf(settings), serial: settings.bulkhead?.serial };
}
