import { overlayLayers } from '../../isolation/overlay-options.js';
import type { SourceFact } from '../../isolation/plan.js';

/**
 * The directories of layers that mounts show, the topmost first. An image of one layer, mounted for reading, is shown by a bind of its directory.
 *
 * @param dataRoot dockerd's.
 */
export function shownLayers(facts: readonly SourceFact[], dataRoot: string): (readonly string[])[] {
  return facts.flatMap((fact) => {
    if (!fact.opened) return [];
    if (fact.mount.filesystem !== 'overlay') return [[fact.realPath]];
    const layers = overlayLayers(fact.mount.superOptions, `${dataRoot}/overlay2`);
    // What is not understood is refused by the rules of mounts.
    return typeof layers === 'string' ? [] : [layers.lower];
  });
}
