import { BulkheadError, isBulkheadError } from '../common/errors/bulkhead-error.js';
import type { EngineJson } from './engine-json.js';
import { asObject, objectAt, textAt } from './fields.js';
import type { GatePolicy } from './policy.js';
import { checkSource, type SharedPaths } from './shared-paths.js';

/**
 * POST /volumes/create. Threat: options of the `local` driver are a mount command that dockerd runs as root of the VM
 * (`type=none,o=bind,device=/etc`), and another driver is a program outside the runtime.
 *
 * Throws a `BH_GATE_…` refusal.
 */
export function checkVolumeCreate(body: EngineJson, { shared }: GatePolicy): void {
  const volume = asObject(body, 'the body');
  const driver = textAt(volume, 'driver');
  if (driver !== '' && driver !== 'local')
    throw new BulkheadError('BH_GATE_VOLUME', { option: `the volume driver ${driver}` });
  if (objectAt(volume, 'clustervolumespec').size > 0)
    throw new BulkheadError('BH_GATE_VOLUME', { option: 'a cluster volume' });
  checkVolumeOptions(objectAt(volume, 'driveropts'), shared);
}

/**
 * A size limit is harmless. A bind of a shared directory follows the rule of other binds, and takes no option but `bind`: with a second one
 * dockerd mounts it a second time, and without the flags the directory has in the engine's root. Everything else says what is mounted.
 */
export function checkVolumeOptions(options: ReadonlyMap<string, EngineJson>, shared: SharedPaths): void {
  if (isBindOfShared(options)) {
    const device = textAt(options, 'device');
    try {
      checkSource(device, shared);
      return;
    } catch (error) {
      if (isBulkheadError(error) && error.code === 'BH_GATE_SHARE_LINK') throw error;
    }
  }
  const option = [...options.keys()].find((key) => key !== 'size');
  if (option !== undefined)
    throw new BulkheadError('BH_GATE_VOLUME', { option: `the volume option ${option}` });
}

function isBindOfShared(options: ReadonlyMap<string, EngineJson>): boolean {
  return (
    [...options.keys()].every((key) => ['type', 'o', 'device'].includes(key)) &&
    ['', 'none', 'bind'].includes(textAt(options, 'type')) &&
    ['bind', 'rbind'].includes(textAt(options, 'o')) &&
    textAt(options, 'device') !== ''
  );
}
