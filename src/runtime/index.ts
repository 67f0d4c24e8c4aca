export { parseMountInfo } from './mountinfo.js';
export { startTimeOf } from './proc-stat.js';
export type { Lease } from './lease.js';
export { rootfsDirectory, stageDirectory } from './plan-wire.js';
export type {
  ContainerRequest,
  Inquiry,
  Planner,
  ProcessIdentity,
  RuntimeAuditEvent,
  StagedCommand,
} from './planner.js';
export { type ListenTarget, RuntimeServer, type RuntimeServerOptions } from './runtime-server.js';
