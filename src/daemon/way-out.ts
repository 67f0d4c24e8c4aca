import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { egressOfVm } from '../egress/restricting-settings.js';
import { contactOf, type Settings } from '../policy/index.js';
import { hasEgressLink } from './engine/own-networks.js';

/**
 * Holds what the host has made of the VM's network against the policy. Threat: a VM that is started as one without such a policy is, whose network leads everywhere; or one whose way out could not be made.
 *
 * @throws BH_EGRESS_UNKEPT. Nothing may be served then.
 */
export function checkWayOut(mode: 'vm' | 'native', settings: Settings, isKept = hasEgressLink): void {
  if (mode === 'native' || egressOfVm(settings) === 'open' || isKept()) return;
  throw new BulkheadError('BH_EGRESS_UNKEPT', { contact: contactOf(settings) });
}
