import type { ConnectionDecision } from '../../common/audit-event.js';
import type { Logger } from '../../common/log.js';
import { systemClock } from '../../common/system-clock.js';
import type { AuditLog } from '../audit/index.js';
import type { EngineClient } from '../engine/engine-client.js';
import { enginePaths } from '../engine/engine-facts.js';
import { readContainerRecord } from '../socket-mount/container-record.js';
import { EgressClients } from './egress-clients.js';

/** Of the engine this bulkheadd keeps. */
export function createEgressClients(
  client: EngineClient,
  auditLog: Pick<AuditLog, 'record'>,
  log: Logger,
): EgressClients {
  const recordOf = (id: string): ReturnType<typeof readContainerRecord> =>
    readContainerRecord(enginePaths.dataRoot, id);
  const audit = (decision: ConnectionDecision): void => {
    auditLog.record(decision);
  };
  return new EgressClients({ client, recordOf, audit, clock: systemClock, log });
}
