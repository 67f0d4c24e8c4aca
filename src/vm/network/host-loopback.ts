import { type HostLoopback, hostLoopbackOf } from '../../egress/connect-access/index.js';
import type { EffectiveSettings } from '../../policy/index.js';

/** By what containers get there: the routes of a VM, a gateway that asks rules besides, or nothing. */
export type LoopbackWay = 'routes' | 'gateway' | 'none';

const told = {
  routes: "Every container reaches every service of this machine's loopback by host.docker.internal",
  gateway:
    "Every container reaches services of this machine's loopback by host.docker.internal, by TCP, where no rule of bulkhead.networkAccess is against it",
  none: 'Without --egress nothing is reached by host.docker.internal',
} as const;

/**
 * Whether containers reach the loopback of the host, and what a person should know of it. Threat: where the engine's API is on that loopback as well, every container
 * would have the engine, whatever is decided of the Docker socket.
 */
export function hostLoopback(
  effective: Pick<EffectiveSettings, 'bulkhead.hostLoopback' | 'exposeDockerAPIOnTCP2375'>,
  way: LoopbackWay = 'routes',
): { readonly state: HostLoopback; readonly notes: readonly string[] } {
  const state = hostLoopbackOf(effective);
  const { source } = effective['bulkhead.hostLoopback'];
  const exposed = effective.exposeDockerAPIOnTCP2375;
  switch (state) {
    case 'closed':
      return { state, notes: [] };
    case 'engine-exposed':
      return {
        state,
        notes: [
          `bulkhead.hostLoopback (${source}) is not carried out while exposeDockerAPIOnTCP2375 (${exposed.source}) is on: every container would reach the engine by it. Turn one of them off, or ask your administrator.`,
        ],
      };
    case 'open':
      return { state, notes: [`${told[way]} (bulkhead.hostLoopback; ${source}).`] };
  }
}
