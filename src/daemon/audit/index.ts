import type { Decision } from '../../common/audit-event.js';
import type { ErrorCode } from '../../common/errors/registry.js';
import { reasonOf } from '../../common/errors/rule-of.js';
import type { Health, PolicyStanding } from '../../common/health.js';
import { systemClock } from '../../common/system-clock.js';
import type { Settings } from '../../policy/index.js';
import type { RuntimeAuditEvent } from '../../runtime/index.js';
import { ownAgent } from '../own-port.js';
import { enginePaths } from '../engine/engine-facts.js';
import { readContainerRecord } from '../socket-mount/container-record.js';
import { AuditLog } from './audit-log.js';
import { containerDecision } from './container-audit.js';
import { SystemLogDirectory } from './log-directory.js';
import { Telemetry } from './telemetry.js';

export { type AuditHealth, AuditLog } from './audit-log.js';

/** The log of this engine, on its data disk, where no container can be given a path, and which dockerd and containerd see read-only. */
export function openAuditLog(): AuditLog {
  const directory = new SystemLogDirectory('/var/lib/bulkhead-data/bulkhead/audit');
  return new AuditLog({ directory, clock: systemClock });
}

/** Sends every line to the policy's collector from now on; undefined where the policy has none. */
export function startTelemetry(
  audit: AuditLog,
  { bulkhead }: Settings,
  version: string,
): Telemetry | undefined {
  const endpoint = bulkhead?.audit?.openTelemetry?.endpoint;
  if (endpoint === undefined) return undefined;
  const resource = { version, instance: audit.boot };
  const telemetry = new Telemetry({ endpoint, clock: systemClock, resource, agentFor: ownAgent });
  audit.forwardTo((event) => {
    telemetry.add(event);
  });
  return telemetry;
}

/** What became of the log and of what was sent on, since bulkheadd started. */
export function auditHealth(audit: AuditLog, telemetry: Telemetry | undefined): Health['audit'] {
  return { ...audit.health(), openTelemetry: telemetry?.health() ?? null };
}

/** Which policy this run of bulkheadd decides by. */
export function policyDecision(facts: {
  readonly policy: PolicyStanding['inForce'];
  readonly version: string;
  readonly mode: 'vm' | 'native';
}): Decision {
  const { policy, version, mode } = facts;
  return {
    kind: 'policy',
    outcome: 'allowed',
    who: { kind: 'bulkheadd' },
    policy: policy === 'none' ? 'none' : String(policy.serial ?? 'unnumbered'),
    ...(policy === 'none' ? {} : { sha256: policy.sha256 }),
    version,
    mode,
  };
}

/** A policy that does not come into force: nothing is served by this run of bulkheadd. */
export function policyRefusal(facts: {
  readonly code: ErrorCode;
  readonly version: string;
  readonly mode: 'vm' | 'native';
}): Decision {
  const { code, version, mode } = facts;
  return {
    kind: 'policy',
    outcome: 'refused',
    who: { kind: 'bulkheadd' },
    policy: 'unknown',
    version,
    mode,
    ...reasonOf(code),
  };
}

/** Records what isolation made of a container, with its image; a build step has none. Never throws. */
export function recordContainer(audit: AuditLog, event: RuntimeAuditEvent): void {
  const record = readContainerRecord(enginePaths.dataRoot, event.containerId);
  audit.record(containerDecision(event, record?.image));
}
