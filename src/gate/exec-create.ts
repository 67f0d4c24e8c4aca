import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { EngineJson } from './engine-json.js';
import { asObject } from './fields.js';
import type { GatePolicy } from './policy.js';

/**
 * POST /containers/{id}/exec. `docker exec --privileged` gives a process every capability in the user namespace of a container that was
 * made without. Threat: none to the VM, as with `docker run --privileged`; the larger kernel surface is what a policy may not want.
 * Only this request says it: what runc is given lists capabilities, which `--cap-add` may have given the container as well.
 *
 * Throws a `BH_GATE_…` refusal.
 */
export function checkExecCreate(body: EngineJson, { contact }: GatePolicy): void {
  const privileged = asObject(body, 'the body').get('privileged') ?? false;
  if (privileged !== false) throw new BulkheadError('BH_GATE_PRIVILEGED', { contact });
}
