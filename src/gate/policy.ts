import type { SharedPaths } from './shared-paths.js';

/** What of the organization's policy the gate needs (`IsolationPolicy` has it), and what of the host is shared. */
export interface GatePolicy {
  /** Whom a refusal tells the reader to ask. */
  readonly contact: string;
  /** Whether `--privileged` is served, of `docker exec` as well. */
  readonly allowPrivileged: boolean;
  readonly shared: SharedPaths;
}
