import type { EffectiveSettings } from '../../policy/index.js';

/**
 * Whether containers reach the loopback of the host, and what a person should know of it. Threat: where the engine's API is on that loopback as well, every container
 * would have the engine, whatever is decided of the Docker socket.
 *
 * @param restricted the policy says what may get out: the gateway decides then, which leads nobody there.
 */
export function hostLoopback(
  effective: Pick<EffectiveSettings, 'bulkhead.hostLoopback' | 'exposeDockerAPIOnTCP2375'>,
  restricted = false,
): { readonly reached: boolean; readonly notes: readonly string[] } {
  const { value, source } = effective['bulkhead.hostLoopback'];
  if (!value) return { reached: false, notes: [] };
  if (restricted)
    return {
      reached: false,
      notes: [
        `bulkhead.hostLoopback (${source}) is not carried out where the policy says what may get out of the VM (bulkhead.networkAccess, containersProxy, bulkhead.registryAccess, bulkhead.imageAccess).`,
      ],
    };
  const exposed = effective.exposeDockerAPIOnTCP2375;
  if (exposed.value)
    return {
      reached: false,
      notes: [
        `bulkhead.hostLoopback (${source}) is not carried out while exposeDockerAPIOnTCP2375 (${exposed.source}) is on: every container would reach the engine by it. Turn one of them off, or ask your administrator.`,
      ],
    };
  return {
    reached: true,
    notes: [
      `Every container reaches every service of this machine's loopback by host.docker.internal (bulkhead.hostLoopback; ${source}).`,
    ],
  };
}
