import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { contactOf, type Settings } from '../policy/index.js';
import { enginePaths } from './engine/engine-facts.js';

const configSchema = z.looseObject({
  'storage-driver': z.string().optional(),
  features: z.looseObject({ 'containerd-snapshotter': z.boolean().optional() }).optional(),
});

/**
 * Holds where the engine keeps images against the policy. Threat: with containerd nothing is noted of where an image's layers came from, so one that was there before the rules, or was built
 * of such a one, would count as made here.
 *
 * @param config of dockerd, as the image has it.
 * @throws BH_IMAGE_STORE. Nothing may be served then.
 */
export function checkImageStore(
  settings: Settings,
  config = (): string => readFileSync(enginePaths.config, 'utf8'),
): void {
  if (settings.bulkhead?.imageAccess === undefined) return;
  const { 'storage-driver': driver, features } = configSchema.parse(JSON.parse(config()));
  if (driver === 'overlay2' && features?.['containerd-snapshotter'] !== true) return;
  throw new BulkheadError('BH_IMAGE_STORE', { contact: contactOf(settings) });
}
