import type { Settings } from '../policy/index.js';

/** Whether a policy restricts anything of what may get out: nothing does then but what the gateway lets. */
export function restricts({ containersProxy, bulkhead = {} }: Settings): boolean {
  const { registryAccess, imageAccess, networkAccess } = bulkhead;
  return [containersProxy, registryAccess, imageAccess, networkAccess].some((part) => part !== undefined);
}

/** Whether a policy says something of what the engine itself asks for: each of its requests is read and decided then. */
export function endsEngine({ bulkhead = {} }: Settings): boolean {
  return bulkhead.registryAccess !== undefined || bulkhead.imageAccess !== undefined;
}
