export { parseMountInfo } from './mountinfo.js';
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
