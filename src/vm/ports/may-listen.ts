import { isLoopback } from '../../common/loopback.js';
import type { PortBindingBehavior } from '../../policy/index.js';

/**
 * Why the host does not listen at an address; undefined where it does. The gate in the VM has decided the same (`src/gate/port-bindings.ts`); this
 * is for a guest that is not what it was.
 */
export function refusalOf(address: string, portBinding: PortBindingBehavior): string | undefined {
  if (portBinding !== 'local-only-port-binding' || isLoopback(address)) return undefined;
  return `the host listens on the loopback alone, and not on ${address} (rule port-bindings, setting portBindingBehavior)`;
}
