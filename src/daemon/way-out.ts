import { lstatSync } from 'node:fs';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { endsEngine, restricts } from '../egress/restricting-settings.js';
import { contactOf, type Settings } from '../policy/index.js';
import { hasEgressLink } from './engine/own-networks.js';

/** Whose certificates the engine trusts beside the image's, a file where there is somebody (`vm-image/init/identity.h`). */
const engineAuthority = '/run/bulkhead/etc/engine-authority.pem';
const hasAuthority = (): boolean => lstatSync(engineAuthority, { throwIfNoEntry: false })?.isFile() === true;

/**
 * Holds what the host has made of the VM's network against the policy. Threat: a VM that is started as one without such a policy is, whose network leads everywhere; or one whose way out could not be made.
 * An engine that does not know who answers it at the gateway would fail at every registry, and nobody be told why.
 *
 * @throws BH_EGRESS_UNKEPT, BH_EGRESS_AUTHORITY. Nothing may be served then.
 */
export function checkWayOut(
  mode: 'vm' | 'native',
  settings: Settings,
  { isKept = hasEgressLink, isTrusted = hasAuthority } = {},
): void {
  if (mode === 'native' || !restricts(settings)) return;
  const contact = contactOf(settings);
  if (!isKept()) throw new BulkheadError('BH_EGRESS_UNKEPT', { contact });
  if (endsEngine(settings) && !isTrusted()) throw new BulkheadError('BH_EGRESS_AUTHORITY', { contact });
}
