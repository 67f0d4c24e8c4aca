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
export function checkExecCreate(body: EngineJson, policy: GatePolicy): void {
  refusePrivileged(asObject(body, 'the body'), policy);
}

/** Of a container the runtime refuses it as well, when it is started: here it is told before there is one. Anything but false is true to somebody. */
export function refusePrivileged(
  fields: ReadonlyMap<string, EngineJson>,
  { allowPrivileged, contact }: Pick<GatePolicy, 'allowPrivileged' | 'contact'>,
): void {
  const privileged = fields.get('privileged') ?? false;
  if (!allowPrivileged && privileged !== false) throw new BulkheadError('BH_GATE_PRIVILEGED', { contact });
}
