import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { checkContainerCreate } from './container-create.js';
import { checkNetworkConnect } from './endpoint-options.js';
import { type EngineJson, readEngineJson } from './engine-json.js';
import { enginePath } from './engine-path.js';
import { checkExecCreate } from './exec-create.js';
import { checkImageArchive } from './image-archives.js';
import { checkBuildNetwork, checkContainerName } from './joined-network.js';
import { checkNetworkCreate } from './network-create.js';
import { type Operation, type OperationId, operationOf } from './operations.js';
import type { GatePolicy } from './policy.js';
import { checkProcessList } from './process-list.js';
import { queryOf } from './query.js';
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
const queries: Rules<(query: string | undefined) => void> = {
  ContainerCreate: checkContainerName,
  ContainerRename: checkContainerName,
  ContainerTop: checkProcessList,
  ImageBuild: checkBuildNetwork,
};

/** Whether the body of an operation decides under this policy; without it there is nothing to decide on. */
export function isDecidedByBody(id: OperationId, { allowPrivileged }: GatePolicy): boolean {
  return id in bodies && !(id === 'ContainerExec' && allowPrivileged);
}

/** Decides on a body. Throws a `BH_GATE_…` refusal. */
export function decideBody(id: OperationId, body: EngineJson, policy: GatePolicy): void {
  if (isDecidedByBody(id, policy)) bodies[id]?.(body, policy);
}

/**
 * Decides on what the head of a request says.
 *
 * @param query as it was sent, without the question mark.
 *
 * Throws a `BH_GATE_…` refusal.
 */
export function decideHead({ id, closed }: Operation, path: string, query: string | undefined): void {
  if (closed !== undefined) throw new BulkheadError('BH_GATE_ENDPOINT', { path, what: closed });
  queries[id]?.(query);
}

/**
 * Whether the engine may serve a request: its endpoint is known and not closed, and nothing in its query or body would have the
 * engine itself, not a container, touch the VM.
 *
 * Throws a `BH_GATE_…` refusal.
 */
export function decideRequest({ method, target, body }: EngineRequest, policy: GatePolicy): void {
  const path = enginePath(target);
  const operation = operationOf(method, path);
  const query = queryOf(target);
  decideHead(operation, path, query);
  // Not of `docker load`, by which bulkheadd itself brings in the probe image, past the gate.
  if (operation.id !== 'ImageLoad') checkImageArchive({ id: operation.id, query, fields: [] }, policy);
  if (!isDecidedByBody(operation.id, policy)) return;
  if (body === undefined || body === '')
    throw new BulkheadError('BH_GATE_BODY', { reason: 'it has no JSON body, or one over 4 MiB' });
  decideBody(operation.id, readEngineJson(body).folded, policy);
}
