import type { Logger } from '../../common/log.js';
import { systemClock } from '../../common/system-clock.js';
import type { SocketMountPolicy } from '../../gate/socket-mount/decide-image.js';
import type { IsolationPolicy } from '../../isolation/policy.js';
import { RuntimeServer } from '../../runtime/index.js';
import { type AuditLog, recordContainer } from '../audit/index.js';
import { createBuilderNetwork } from './builder-network.js';
import { createCgroupRemoval } from '../reaping/cgroup-removal.js';
import { Decisions } from './decisions.js';
import type { EngineClient } from '../engine/engine-client.js';
import { enginePaths, type readEngineFacts } from '../engine/engine-facts.js';
import type { ImageGuard } from '../images/image-guard.js';
import { createIsolationPlanner } from './isolation-planner.js';
import { readNamespaceFact } from './namespace-facts.js';
import { ensureProbeImage } from '../engine/probe-image.js';
import { createDockerSockets, type DockerSockets } from '../socket-mount/socket-mounts.js';

export interface RuntimeSources {
  readonly engineFacts: ReturnType<typeof readEngineFacts>;
  readonly policy: IsolationPolicy;
  readonly socketPolicy: SocketMountPolicy;
  readonly images: Pick<ImageGuard, 'refusalOf' | 'refusalOfStep'>;
  readonly client: EngineClient;
  readonly audit: AuditLog;
  /** A container has got its plan. */
  readonly onPlanned: () => void;
  readonly log: Logger;
}

/** What answers the front door, and what hangs on the containers that hold ids. Listens to nobody yet. */
export function composeRuntime({
  engineFacts,
  policy,
  socketPolicy,
  images,
  client,
  audit,
  onPlanned,
  log,
}: RuntimeSources): {
  readonly runtime: RuntimeServer;
  readonly decisions: Decisions;
  readonly dockerSockets: DockerSockets;
} {
  const heldContainers = (): Set<string> =>
    new Set(runtime.allocator.leases.flatMap(({ holders }) => holders.map(({ containerId }) => containerId)));
  const decisions = new Decisions(heldContainers);
  const builderNetwork = createBuilderNetwork({
    client,
    clock: systemClock,
    prepare: () => ensureProbeImage(client),
  });
  const dockerSockets = createDockerSockets({
    policy: socketPolicy,
    contact: policy.contact,
    client,
    dataRoot: enginePaths.dataRoot,
    isHeld: (containerId) => heldContainers().has(containerId),
    holdersOf: (containerId) =>
      runtime.allocator.leases
        .map(({ holders }) => holders.map((holder) => holder.containerId))
        .find((holders) => holders.includes(containerId)) ?? [],
    audit: (decision) => {
      audit.record(decision);
    },
    log,
  });
  const removeCgroups = createCgroupRemoval({
    hierarchies: engineFacts.cgroupHierarchies,
    parents: policy.cgroupParents,
    isHeld: (containerId) => heldContainers().has(containerId),
    clock: systemClock,
    log,
  });
  const runtime = new RuntimeServer({
    planner: createIsolationPlanner({
      engine: engineFacts,
      policy,
      namespaceFact: (path, held) => readNamespaceFact(path, held, { holderOf }),
      builderNetwork: () =>
        builderNetwork().catch((error: unknown) => {
          log.error({ err: error }, "a build step does not get the builder's network");
          return undefined;
        }),
      images,
      dockerSocket: dockerSockets,
      decisions,
    }),
    audit: (event) => {
      log.info({ audit: 'container', ...event }, `container ${event.outcome}`);
      recordContainer(audit, event);
      if (event.outcome === 'planned') onPlanned();
    },
    onError: (error) => {
      log.error({ err: error }, 'front door service failed');
    },
    onContainerOver: (containerId) => {
      removeCgroups(containerId);
      dockerSockets.over(containerId);
    },
  });
  function holderOf(base: number): { containerId: string; size: number } | undefined {
    const lease = runtime.allocator.leases.find((held) => held.base === base);
    const containerId = lease?.holders[0]?.containerId;
    return lease === undefined || containerId === undefined ? undefined : { containerId, size: lease.size };
  }
  return { runtime, decisions, dockerSockets };
}
