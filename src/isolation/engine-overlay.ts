import { posix } from 'node:path';
import { overlayLayers } from './overlay-options.js';
import { pathBelow } from './places.js';
import type { MountInfo, OverlayStage } from './plan.js';
import type { EngineFacts } from './request.js';

/** Beside the engine's own `work`: two live overlays must not share a work directory. */
const workName = 'bulkhead-work';

/**
 * The overlay that shows what a mounted one shows, to be made of clones of its layers.
 *
 * @param readonly leaves the upper directory unwritten: it becomes the topmost of the lower ones.
 * @returns a sentence when it can't be made, or when a layer does not lie in the engine's storage.
 */
export function engineOverlay(
  mount: MountInfo,
  engine: EngineFacts,
  readonly: boolean,
): OverlayStage | string {
  const layers = overlayLayers(mount.superOptions, `${engine.dataRoot.path}/overlay2`);
  if (typeof layers === 'string') return layers;
  const { lower, upper } = layers;
  const storages = [engine.dataRoot.path, engine.containerdRoot?.path].filter((path) => path !== undefined);
  const outside = [...lower, ...(upper === undefined ? [] : [upper])].find(
    (layer) => !storages.some((storage) => (pathBelow(storage, layer) ?? '') !== ''),
  );
  if (outside !== undefined) return `its layer ${outside} does not lie in the engine's storage`;
  if (upper === undefined || readonly)
    return { lower: upper === undefined ? lower : [upper, ...lower], options: '' };
  return {
    lower,
    upper: { parent: posix.dirname(upper), name: posix.basename(upper), workName },
    // The front door adds index=off: the engine's own overlay stays mounted over the same upper directory.
    options: layers.volatile ? 'volatile' : '',
  };
}
