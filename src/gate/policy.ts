/** What of the organization's policy the gate needs; `IsolationPolicy` has it all. */
export interface GatePolicy {
  /** Whom a refusal tells the reader to ask. */
  readonly contact: string;
  /** Whether `--privileged` is served, of `docker exec` as well. */
  readonly allowPrivileged: boolean;
}
