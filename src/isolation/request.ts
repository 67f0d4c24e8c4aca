import type { RuntimeSpec } from '../oci/runtime-spec.js';
import type { IdRange, SourceFact } from './plan.js';
import type { IsolationPolicy } from './policy.js';

/**
 * A directory, known by where it lies in its file system: the same directory reached by another path, another mount or
 * a symlink is still the same place, and another directory mounted at this path is not.
 */
export interface Place {
  readonly path: string;
  /** `major:minor` of the file system. */
  readonly device: string;
  /** Path from the root of that file system (see `pathWithinFilesystem`). */
  readonly within: string;
}

/** One file, whatever its name and by whatever mount. */
export interface ExactFile {
  /** `major:minor` of the file system. */
  readonly device: string;
  readonly inode: string;
}

/** cgroup v2 has one hierarchy, mounted on /sys/fs/cgroup itself. */
export const unifiedHierarchy = '.';

/** What is true of the engine these containers belong to; measured once when the daemon starts. */
export interface EngineFacts {
  readonly architecture: 'x64' | 'arm64';
  readonly cgroupVersion: 1 | 2;
  /** v1: the directories of /sys/fs/cgroup with a hierarchy mounted on each. v2: `unifiedHierarchy` alone. */
  readonly cgroupHierarchies: readonly string[];
  /** dockerd's data root, `/var/lib/docker`. */
  readonly dataRoot: Place;
  /** containerd's root, which holds the layers when the containerd image store is used. */
  readonly containerdRoot?: Place;
  /** Directories of the host that containers may bind anything of. */
  readonly sharedRoots: readonly Place[];
  /** Whatever is in them is root's, whomever it belongs to on the host: so a server of the VM's shows it. Otherwise ids are one to one. */
  readonly sharedByServer?: boolean;
  /** The socket by which containers reach the host's ssh agent; absent when it is not passed on. */
  readonly agentSocket?: ExactFile;
  /** The empty file that stands in for the Docker socket; absent where there is none. */
  readonly dockerSocket?: ExactFile;
  /** What `docker run --init` binds. */
  readonly initPath: string;
  /** dockerd's exec root, as its hook names it. */
  readonly execRoot: string;
  /** Lowest oom_score_adj the engine may give a process, -1000..1000 (proc_pid_oom_score_adj(5)). */
  readonly lowestOomScoreAdj: number;
}

/** The container as the front door introduced it. */
export interface ContainerFacts {
  readonly id: string;
  readonly bundle: string;
}

/**
 * What a namespace path of the specification leads to; see `namespacePathsOf`. True of the descriptor the front door
 * holds, not of the path, whose process may end and whose pid may be another's a moment later.
 */
export type NamespaceFact =
  | { readonly path: string; readonly kind: 'host' | 'unknown' }
  | {
      readonly path: string;
      readonly kind: 'container';
      readonly ownerContainerId: string;
      /** The ids of the user namespace that owns this namespace. */
      readonly ownerIds: IdRange;
      /** Inode of that user namespace, which stays its alone while the front door holds it. */
      readonly userNamespace: string;
      /** Indices of this namespace and of its user namespace among the opened paths. */
      readonly index: number;
      readonly userIndex: number;
    };

/** Whether a container that binds the Docker socket gets one of its own; decided by its image, where the engine can be asked. */
export type SocketGrant =
  /** A socket that nobody else has: its path, and where it is among the opened paths, as often as it was asked for. */
  | { readonly kind: 'granted'; readonly path: string; readonly indices: readonly number[] }
  | { readonly kind: 'denied'; readonly image: string; readonly because: string };

/** All a decision depends on. Pure data: the same request always gets the same decision. */
export interface IsolationRequest {
  readonly spec: RuntimeSpec;
  readonly container: ContainerFacts;
  /** One for each path of `sourcesOf(spec)`, in that order; more may follow. */
  readonly facts: readonly SourceFact[];
  /** One for each path of `namespacePathsOf(spec)`. */
  readonly namespaces: readonly NamespaceFact[];
  /** What was found of the builder's network, for a step that is to join it (`wantsBuilderNetwork`); absent when there is none. */
  readonly builderNetwork?: NamespaceFact;
  /** Only where one of the binds names the Docker socket. */
  readonly dockerSocket?: SocketGrant;
  /** Directories of the layers the engine made to mount images in this very container (`--mount type=image`). */
  readonly imageLayers: readonly string[];
  /** The exclusive range leased for this container. */
  readonly ids: IdRange;
  /** How long the machine is up in the initial time namespace; absent where the kernel has no time namespaces. */
  readonly uptimeSeconds?: number;
  readonly engine: EngineFacts;
  readonly policy: IsolationPolicy;
}
