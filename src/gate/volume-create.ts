import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { EngineJson } from './engine-json.js';
import { asObject, objectAt, textAt } from './fields.js';

/**
 * POST /volumes/create. Threat: options of the `local` driver are a mount command that dockerd runs as root of the VM
 * (`type=none,o=bind,device=/etc`), and another driver is a program outside the runtime.
 *
 * Throws a `BH_GATE_…` refusal.
 */
export function checkVolumeCreate(body: EngineJson): void {
  const volume = asObject(body, 'the body');
  const driver = textAt(volume, 'driver');
  if (driver !== '' && driver !== 'local')
    throw new BulkheadError('BH_GATE_VOLUME', { option: `the volume driver ${driver}` });
  if (objectAt(volume, 'clustervolumespec').size > 0)
    throw new BulkheadError('BH_GATE_VOLUME', { option: 'a cluster volume' });
  checkVolumeOptions(objectAt(volume, 'driveropts'));
}

/** Only a size limit is harmless; everything else says what is mounted. */
export function checkVolumeOptions(options: ReadonlyMap<string, EngineJson>): void {
  const option = [...options.keys()].find((key) => key !== 'size');
  if (option !== undefined)
    throw new BulkheadError('BH_GATE_VOLUME', { option: `the volume option ${option}` });
}
