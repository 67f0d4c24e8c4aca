import { isBuildStep } from '../build-step.js';
import type { Rule } from '../draft.js';
import { isPrivileged } from '../privileged.js';
import { refuse } from '../refuse.js';

const name = 'privileged';

/**
 * Threat: none the other rules leave; a privileged container is confined like any other, and so is a build step with
 * `--security=insecure`. An organization may still not want the larger kernel surface that every capability and no seccomp profile open.
 */
export const privilegedRule: Rule = {
  name,
  why: 'the policy may not serve privileged containers',
  apply(draft, request) {
    const { policy, spec } = request;
    if (!isPrivileged(spec)) return draft;
    if (!policy.allowPrivileged) refuse('BH_ISOLATION_PRIVILEGED', name, policy);
    if (policy.buildInsecure === 'refused' && isBuildStep(request))
      refuse('BH_ISOLATION_BUILD_INSECURE', name, policy);
    return draft;
  },
};
