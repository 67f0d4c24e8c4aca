import { defineErrors, ExitCode } from './definition.js';

/** What is wrong with a policy file. Whoever wrote it reads these, so each says where. */
export const policyErrors = defineErrors({
  BH_POLICY_FILE: {
    message: 'The policy file {file} can not be read: {reason}.',
    remedy: 'Nothing was changed.',
    exitCode: ExitCode.unavailable,
  },
  BH_POLICY_INVALID: {
    message: '{file}:{line}:{column}: {key}: {reason}.',
    remedy: 'Nothing was changed; the policy in force stays.',
    exitCode: ExitCode.badData,
  },
});
