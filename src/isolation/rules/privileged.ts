import type { Rule } from '../draft.js';
import { isPrivileged } from '../privileged.js';
import { refuse } from '../refuse.js';

/**
 * Threat: none the other rules leave; a privileged container is confined like any other. An organization may still not
 * want the larger kernel surface that every capability and no seccomp profile open.
 */
export const privilegedRule: Rule = {
  name: 'privileged',
  why: 'the policy may not serve privileged containers',
  apply(draft, { policy, spec }) {
    if (!policy.allowPrivileged && isPrivileged(spec))
      refuse('BH_ISOLATION_PRIVILEGED', 'privileged', policy);
    return draft;
  },
};
