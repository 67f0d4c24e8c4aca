import type { Rule } from '../draft.js';
import { refuse } from '../refuse.js';

const name = 'propagation';
const shared = new Set(['shared', 'rshared']);

/**
 * Threat: with shared propagation a mount made by container root appears in the VM, under a path other containers or
 * the engine use. Private and slave only receive.
 */
export const propagationRule: Rule = {
  name,
  why: 'mounts made inside must not appear in the VM',
  apply(draft, { policy }) {
    const root = draft.spec.linux.rootfsPropagation ?? '';
    if (!['', 'private', 'rprivate', 'slave', 'rslave', 'unbindable', 'runbindable'].includes(root))
      refuse('BH_ISOLATION_PROPAGATION', name, policy, { propagation: root, destination: '/' });
    for (const { destination, options = [] } of draft.spec.mounts ?? []) {
      const propagation = options.find((option) => shared.has(option));
      if (propagation !== undefined)
        refuse('BH_ISOLATION_PROPAGATION', name, policy, { propagation, destination });
    }
    return draft;
  },
};
