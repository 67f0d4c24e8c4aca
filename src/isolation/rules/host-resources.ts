import type { Rule } from '../draft.js';
import { refuse } from '../refuse.js';

const name = 'host-resources';

/**
 * Threat: fields that move or reprogram hardware of the VM: network interfaces taken into the container (netDevices)
 * and cache and bandwidth classes shared with everything that names the same class (intelRdt). No Docker option makes
 * them. `memoryPolicy`, `personality` and `timeOffsets` only concern the container's own processes and pass.
 */
export const hostResourcesRule: Rule = {
  name,
  why: 'hardware of the VM is shared by every container',
  apply(draft, { policy }) {
    const { netDevices, intelRdt } = draft.spec.linux;
    if (netDevices !== undefined && Object.keys(netDevices).length > 0) {
      refuse('BH_ISOLATION_FIELD_REFUSED', name, policy, {
        field: 'linux.netDevices',
        reason: 'network interfaces of the host stay there',
      });
    }
    if (intelRdt !== undefined) {
      refuse('BH_ISOLATION_FIELD_REFUSED', name, policy, {
        field: 'linux.intelRdt',
        reason: 'it changes the processor for every container',
      });
    }
    return draft;
  },
};
