import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { checkContainerCreate } from './container-create.js';
import { checkNetworkConnect } from './endpoint-options.js';
import { type EngineJson, parseEngineJson } from './engine-json.js';
import { enginePath } from './engine-path.js';
import { checkExecCreate } from './exec-create.js';
import { checkBuildNetwork, checkContainerName } from './joined-network.js';
import { checkNetworkCreate } from './network-create.js';
import { type OperationId, operationOf } from './operations.js';
import type { GatePolicy } from './policy.js';
import { checkProcessList } from './process-list.js';
import { checkVolumeCreate } from './volume-create.js';

/** One request as the engine understood it: method and raw target; the body only where it is JSON and not too long. */
export interface EngineRequest {
  readonly method: string;
  readonly target: string;
  readonly body: string | undefined;
}

type Rules<Check> = Partial<Record<OperationId, Check>>;

/** Requests whose body decides. */
const bodies: Rules<(body: EngineJson, policy: GatePolicy) => void> = {
  ContainerCreate: checkContainerCreate,
  ContainerExec: checkExecCreate,
  NetworkConnect: checkNetworkConnect,
  NetworkCreate: checkNetworkCreate,
  VolumeCreate: checkVolumeCreate,
};

/** Requests whose query decides. */
const queries: Rules<(target: string) => void> = {
  ContainerCreate: checkContainerName,
  ContainerRename: checkContainerName,
  ContainerTop: checkProcessList,
  ImageBuild: checkBuildNetwork,
};

/** Those of `bodies` that decide nothing under this policy, so that a body which cannot be read is the engine's to answer. */
function isOpen(id: OperationId, { allowPrivileged }: GatePolicy): boolean {
  return id === 'ContainerExec' && allowPrivileged;
}

/**
 * Whether the engine may serve a request: its endpoint is known and not closed, and nothing in its query or body would have the
 * engine itself, not a container, touch the VM.
 *
 * Throws a `BH_GATE_…` refusal.
 */
export function decideRequest({ method, target, body }: EngineRequest, policy: GatePolicy): void {
  const path = enginePath(target);
  const { id, closed } = operationOf(method, path);
  if (closed !== undefined) throw new BulkheadError('BH_GATE_ENDPOINT', { path, what: closed });
  queries[id]?.(target);
  const check = isOpen(id, policy) ? undefined : bodies[id];
  if (check === undefined) return;
  if (body === undefined || body === '')
    throw new BulkheadError('BH_GATE_BODY', { reason: 'it has no JSON body, or one over 4 MiB' });
  check(parseEngineJson(body), policy);
}
