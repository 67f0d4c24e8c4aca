import type { ConnectionDecision } from '../../common/audit-event.js';
import type { Logger } from '../../common/log.js';
import type { PulledFacts } from '../../common/pulled-image.js';
import { systemClock } from '../../common/system-clock.js';
import type { AuditLog } from '../audit/index.js';
import type { ImageRules } from '../images/index.js';
import type { EngineClient } from '../engine/engine-client.js';
import { enginePaths } from '../engine/engine-facts.js';
import { hasEgressLink } from '../engine/own-networks.js';
import { readContainerRecord } from '../socket-mount/container-record.js';
import { EgressClients } from './egress-clients.js';

/** Of the engine this bulkheadd keeps. */
export function createEgressClients(
  client: EngineClient,
  {
    auditLog,
    images,
  }: {
    readonly auditLog: Pick<AuditLog, 'record' | 'leftOut'>;
    readonly images: Pick<ImageRules, 'remember'>;
  },
  log: Logger,
): EgressClients {
  const recordOf = (id: string): ReturnType<typeof readContainerRecord> =>
    readContainerRecord(enginePaths.dataRoot, id);
  const audit = (decision: ConnectionDecision): void => {
    auditLog.record(decision);
  };
  // Threat: where no gateway stands between the engine and the world, whoever has the host's end could say so of what came past it.
  const learn = hasEgressLink() ? (pulled: PulledFacts): void => images.remember(pulled) : undefined;
  const leftOut = (count: number): void => auditLog.leftOut(count);
  return new EgressClients({ client, recordOf, audit, leftOut, learn, clock: systemClock, log });
}
