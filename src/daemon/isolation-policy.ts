import { defaultPolicy, type IsolationPolicy } from '../isolation/policy.js';
import type { Settings } from '../policy/index.js';

/**
 * What the organization's policy says about isolation; what it leaves open is as without a policy. `enhancedContainerIsolation.value` is not
 * looked at: isolation is never off.
 */
export function isolationPolicyOf({ bulkhead = {} }: Settings): IsolationPolicy {
  return {
    contact: bulkhead.contact ?? defaultPolicy.contact,
    allowPrivileged: bulkhead.allowPrivileged ?? defaultPolicy.allowPrivileged,
    buildHostNetwork: bulkhead.buildHostNetwork ?? defaultPolicy.buildHostNetwork,
    buildInsecure: bulkhead.buildInsecure ?? defaultPolicy.buildInsecure,
    devices: bulkhead.devices ?? defaultPolicy.devices,
    idsPerContainer: bulkhead.idsPerContainer ?? defaultPolicy.idsPerContainer,
    cgroupParents: bulkhead.cgroupParents ?? defaultPolicy.cgroupParents,
    minimumOomScoreAdj: bulkhead.minimumOomScoreAdj ?? defaultPolicy.minimumOomScoreAdj,
    seccompExempt: bulkhead.seccompExempt ?? defaultPolicy.seccompExempt,
  };
}
