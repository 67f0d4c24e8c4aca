import type { MountInfo } from '../common/mountinfo.js';
import type { RuntimeSpec } from '../oci/runtime-spec.js';

/** `size` host ids from `base` on, mapped to 0.. in the container. */
export interface IdRange {
  readonly base: number;
  readonly size: number;
}

export type FileKind =
  | 'directory'
  | 'file'
  | 'socket'
  | 'fifo'
  | 'character-device'
  | 'block-device'
  | 'symlink';

export type { MountInfo };

/**
 * What a path really is, as the front door found it on a descriptor it goes on to mount from: time of check is
 * time of use. `realPath` is the kernel's own name for the descriptor, after every symlink.
 */
export type SourceFact =
  | { readonly path: string; readonly opened: false; readonly errno: number }
  | {
      readonly path: string;
      readonly opened: true;
      readonly realPath: string;
      readonly kind: FileKind;
      /** `major:minor` of the node itself; only meaningful for devices. */
      readonly rdev: string;
      /** `major:minor` of the file system it lies on. */
      readonly device: string;
      readonly inode: string;
      /** statfs(2) f_type. */
      readonly filesystemMagic: number;
      readonly mount: MountInfo;
      /** Only of a namespace in /proc: inode of the user namespace that owns it, `0` when nothing does (ioctl_ns(2)). */
      readonly namespaceOwner?: string;
    };

/** An overlay made of id-mapped clones of directories. Without `upper` it is read-only by nature. */
export interface OverlayStage {
  /** Topmost first, absolute paths, as overlayfs lists them. */
  readonly lower: readonly string[];
  readonly upper?: {
    /** Directory that holds both the upper and the work directory: they must come from one mount. */
    readonly parent: string;
    readonly name: string;
    readonly workName: string;
  };
  readonly options: string;
}

/** How the container's root is put together from id-mapped clones (docs/isolation.md). */
export type RootPlan =
  | (OverlayStage & { readonly kind: 'overlay'; readonly readonly: boolean })
  | { readonly kind: 'bind'; readonly readonly: boolean };

/** One bind source, cloned from the descriptor the facts were taken of. */
export interface StagedBind {
  /** Index into the opened paths; the mount appears as `/run/bulkhead/stage/b<index>`. */
  readonly index: number;
  readonly readonly: boolean;
  readonly nosuid: boolean;
  readonly nodev: boolean;
  readonly noexec: boolean;
  readonly idmap: boolean;
  /** What belongs to 0 appears as the plan's `owner`; with `idmap`. */
  readonly owned?: boolean;
  readonly recursive: boolean;
  /** When set, not what was opened is bound but `within` of this overlay: an overlay itself can't be id-mapped. */
  readonly overlay?: OverlayStage & { readonly within: string };
}

/** The user namespace of another container that this one shares, because it asked to share a namespace it owns. */
export interface JoinedUserNamespace {
  readonly containerId: string;
  /** Where it is staged. */
  readonly path: string;
}

/** Ids of a container, as it sees them itself. */
export interface ShareOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Everything the front door does for one container, and the specification runc then gets. */
export interface Plan {
  /** The container's ids: the leased range, or the owner's when `joined` is set. */
  readonly ids: IdRange;
  /** When set, the leased range is not needed; the owner's must outlive this container. */
  readonly joined?: JoinedUserNamespace;
  /** The ids of the container whose the files of `owned` binds appear to be. */
  readonly owner?: ShareOwner;
  readonly root: RootPlan;
  readonly binds: readonly StagedBind[];
  /** Opened paths that are namespaces to join, held by a bind of each on `/run/bulkhead/stage/b<index>`. */
  readonly namespaces: readonly number[];
  /**
   * Directories of /sys/fs/cgroup, each a hierarchy, in which the container's root gets its own cgroup to divide. bulkheadd hands it
   * over before the front door gets the plan.
   */
  readonly delegated: readonly string[];
  readonly spec: RuntimeSpec;
}

/** Why a container is not made. `message` is what `docker run` shows, so it names rule, setting and whom to ask. */
export interface Refusal {
  readonly rule: string;
  readonly code: `BH_${string}`;
  readonly message: string;
}

export type Decision =
  | { readonly kind: 'plan'; readonly plan: Plan }
  | { readonly kind: 'refusal'; readonly refusal: Refusal };
