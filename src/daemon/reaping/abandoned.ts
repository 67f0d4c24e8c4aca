import type { ProcessIdentity } from '../../runtime/index.js';

/** Where dockerd has runc keep its containers: one directory each, named by Docker's id. */
export const dockerRuntimeRoot = '/run/docker/runtime-runc/moby';
/** runc's own default, which BuildKit leaves it: its steps have no other mark. */
export const buildRuntimeRoot = '/run/runc';

/** What one look finds of one container. */
export interface ContainerTraces {
  readonly runtimeRoot: string;
  readonly containerId: string;
  /** Its containerd-shim; more than one only when something went wrong. */
  readonly shims: readonly ProcessIdentity[];
  /** The front doors that hold ids for it, which have become runc. They may have ended. */
  readonly creators: readonly ProcessIdentity[];
  readonly creatorLives: boolean;
  /** Whether another runtime program, such as `runc delete`, works on it at this moment. */
  readonly busy: boolean;
  /** What else there is. */
  readonly left: readonly Trace[];
}

/** Something with a name of the container's, and the inode it had: another one of that name is another container run. */
export interface Trace {
  readonly kind: 'state' | 'bundle' | 'streams' | 'cgroup';
  readonly inode: number;
}

/** Why a container is nobody's any more. */
export const abandonments = {
  unknown: 'the engine does not know it',
  'not running': 'who started it has died, and the engine says that it is not running',
  build: 'the build that ran it is dead',
} as const;
export type Abandonment = keyof typeof abandonments;

export interface Circumstances {
  /** What the engine says of a container. */
  readonly engineSays: (containerId: string) => EngineSays;
  /** When dockerd started, in clock ticks since boot. */
  readonly engineSince: number;
  /** When the younger of containerd and dockerd started. */
  readonly servicesSince: number;
}

export type EngineSays = 'running' | 'not running' | 'unknown';

/**
 * Why a container counts as abandoned by the services that should look after it; undefined when it may be anybody's. Pure.
 *
 * A container that Docker does not know is nobody's, however young: Docker knows each before it asks for it, and no id comes back. One it
 * knows and calls not running may be starting just now, so there everything of it must be older than both services: then
 * neither has asked for it, and whoever did is dead. A build step is no container of Docker's. Its `runc run`, a child of dockerd, lives as long as it does, and outlives dockerd.
 */
export function whyAbandoned(
  { runtimeRoot, containerId, shims, creators, creatorLives, busy }: ContainerTraces,
  { engineSays, engineSince, servicesSince }: Circumstances,
): Abandonment | undefined {
  if (busy) return undefined;
  if (runtimeRoot === buildRuntimeRoot) {
    const orphaned = creators.every(({ startTime }) => Number(startTime) < engineSince);
    return orphaned || !creatorLives ? 'build' : undefined;
  }
  if (creatorLives || runtimeRoot !== dockerRuntimeRoot) return undefined;
  switch (engineSays(containerId)) {
    case 'unknown':
      return 'unknown';
    case 'running':
      return undefined;
    case 'not running': {
      const starts = [...shims, ...creators].map(({ startTime }) => Number(startTime));
      const known = starts.length > 0 && starts.every((start) => start < servicesSince);
      return known ? 'not running' : undefined;
    }
  }
}

/** A text that is the same at two looks if nothing has happened to the container between them. */
export function fingerprint({ shims, creators, left }: ContainerTraces): string {
  return JSON.stringify([shims, creators, left]);
}
