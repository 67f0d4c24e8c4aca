import type { Decision, IdRange, Refusal, SourceFact } from '../isolation/plan.js';

/** Commands of runc that make a container; every other one never reaches the daemon. */
export type StagedCommand = 'create' | 'run' | 'restore';

/** What a front door says about the container it was asked to make. */
export interface ContainerRequest {
  readonly command: StagedCommand;
  /** Directory below which runc keeps one directory a container (`--root`), absolute. */
  readonly runtimeRoot: string;
  readonly containerId: string;
  /** The kernel's name of the bundle directory. */
  readonly bundle: string;
  /** The front door itself; it keeps this pid when it becomes runc. */
  readonly creator: ProcessIdentity;
  /** config.json as the engine wrote it, not yet checked. */
  readonly config: string;
}

/** A process over time: pids are reused, a pid with its start time is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/pid/stat, clock ticks since boot (proc_pid_stat(5)). */
  readonly startTime: string;
}

/** The first half of a decision: what must be known before the second half. */
export interface Inquiry {
  readonly kind: 'inquiry';
  /** Paths to open, relative ones from the bundle: the root file system, each bind source in the order of the spec, namespaces. */
  readonly paths: readonly string[];
  /** How many ids in a row the container needs, usually 65536. */
  readonly idCount: number;
  /**
   * `facts` has one entry for each of `paths`, in order. When the plan is `joined`, the range given here is handed
   * back and the container becomes a further holder of the range that starts at `plan.ids.base`.
   */
  decide(facts: readonly SourceFact[], ids: IdRange): Decision;
}

/**
 * The isolation rules as the server of the front door sees them. Anything thrown becomes a refusal of that one
 * container (`BH_RUNTIME_INTERNAL`).
 */
export interface Planner {
  begin(
    request: ContainerRequest,
    signal: AbortSignal,
  ): Promise<Inquiry | { readonly kind: 'refusal'; readonly refusal: Refusal }>;
}

/** One line of the audit log for each container asked for. */
export interface RuntimeAuditEvent {
  readonly command: string;
  readonly runtimeRoot: string;
  readonly containerId: string;
  readonly outcome: 'planned' | 'refused' | 'failed';
  /** Absent when a plan was sent. */
  readonly code?: string;
  readonly rule?: string;
  readonly message?: string;
  readonly ids?: IdRange;
  /** Of these, what the daemon itself took for a plan: without the messages and the front door's work between them. */
  readonly planMilliseconds?: number;
  /** Wall time from the accepted connection to the last byte of the answer. */
  readonly milliseconds: number;
}
