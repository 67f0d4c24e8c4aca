export type {
  ContainerRequest,
  IdDemand,
  Inquiry,
  Planner,
  ProcessIdentity,
  RuntimeAuditEvent,
  StagedCommand,
} from './planner.js';
